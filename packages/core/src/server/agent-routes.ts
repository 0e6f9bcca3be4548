import type { FastifyInstance } from "fastify";
import type { Authenticate } from "../app/agent-app-options.ts";
import type { AgentEngine } from "../app/agent-engine.ts";
import type { AppDefinition } from "../app/app-definition.ts";
import { acceptJson } from "./accept-json.ts";
import { addAuthentication, callerOf } from "./authentication.ts";
import type { EndpointContext, EndpointDefinition } from "./endpoint.ts";
import { toOpenApi } from "./openapi.ts";
import { probeRoutes } from "./probe-routes.ts";
import { processRoute } from "./process-route.ts";
import { processTaskRoutes } from "./process-task-routes.ts";
import { addRoute, type Route } from "./route.ts";
import { runRoutes } from "./run-routes.ts";
import { sendResult } from "./send-result.ts";
import type { ServerContext } from "./server-context.ts";
import { sessionRoutes } from "./session-routes.ts";
import { type TaskSource, taskRoutes } from "./task-routes.ts";

/** Adds the whole surface of one app: its agent, its runs, its endpoints, its probes, its plugins. */
export async function addAgentRoutes(
  fastify: FastifyInstance,
  app: AppDefinition,
  engine: AgentEngine,
  context: ServerContext,
  authenticate: Authenticate | undefined = app.options.authenticate,
): Promise<void> {
  const { name, description } = app.options;
  if (authenticate !== undefined) addAuthentication(fastify, authenticate);
  for (const { plugin, options } of app.plugins) await fastify.register(plugin, options);

  const agent = () => engine.agentOf(app);
  const taskSource: TaskSource = {
    app: () => engine.of(app).name,
    queue: () => engine.tasks.queue,
    accepting: () => engine.accepting,
  };
  const routes: Route[] = [
    ...(app.query === undefined
      ? []
      : [
          processRoute(agent, context),
          ...processTaskRoutes(agent, context),
          ...runRoutes(() => agent().name, context),
          ...sessionRoutes(agent, context),
        ]),
    ...app.endpoints.map((endpoint) => endpointRoute(endpoint, app, engine, context)),
    ...app.tasks.flatMap((task) => taskRoutes(task, taskSource, context)),
    ...probeRoutes({
      name,
      description,
      hasAgent: app.query !== undefined,
      taskPaths: app.tasks.map(({ path }) => path),
      instance: context.instance,
      accepting: () => engine.accepting,
      health: () => engine.health(app),
      openApi: () =>
        toOpenApi(routes, {
          title: name,
          description,
          version: "1.0.0",
          prefix: fastify.prefix,
          secured: authenticate !== undefined,
        }),
    }),
  ];
  // In a scope of their own, so that the plugins may have parsers of theirs.
  await fastify.register(async (scope) => {
    acceptJson(scope, context.bodies);
    for (const route of routes) addRoute(scope, route);
  });
}

function endpointRoute(
  endpoint: EndpointDefinition,
  app: AppDefinition,
  engine: AgentEngine,
  { streams }: ServerContext,
): Route {
  return {
    ...endpoint,
    handle: async ({ body, query, request, reply }) => {
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const context: EndpointContext<unknown, unknown, unknown> = {
        body,
        query,
        params: request.params as Record<string, string>,
        caller: callerOf(request),
        resources: engine.of(app).resources,
        signal: gone.signal,
        log: request.log,
      };
      await sendResult(await endpoint.handle(context), reply, streams);
      return reply;
    },
  };
}
