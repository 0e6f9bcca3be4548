import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import type { AgentEngine, RetainOptions } from "../app/agent-engine.ts";
import type { AppDefinition } from "../app/app-definition.ts";
import { assertShared } from "../app/assert-shared.ts";
import { addProtocols } from "./add-protocols.ts";
import { addAgentRoutes } from "./agent-routes.ts";
import { Disconnects } from "./disconnects.ts";
import { sendError } from "./error-reply.ts";
import { EventStreams } from "./event-stream.ts";

export interface AgentPluginOptions extends RetainOptions {
  /** Shown by `GET /health`. */
  readonly instance?: string | undefined;
}

/** The app as a Fastify plugin: the engine starts with the server it is registered in, and stops with it. */
export function agentPlugin(
  app: AppDefinition,
  engine: AgentEngine,
  { instance, work }: AgentPluginOptions = {},
): FastifyPluginAsync {
  return async (fastify) => {
    const { streams: options } = app.options;
    const streams = new EventStreams(options);
    const runs = () => engine.runs;
    const disconnects = new Disconnects(options?.disconnectGrace ?? 5000, (id, cancel) => {
      runs()
        .cancel(id, cancel)
        .catch((error) => fastify.log.error({ err: error, run_id: id }, "the run could not be canceled"));
    });

    assertShared(app);
    await engine.retain(fastify.log, { work });
    let leaveAll = async () => {};
    let left: Promise<void> | undefined;
    const leave = () => {
      left ??= leaveAll();
      return left;
    };
    const forget = engine.beforeDrain(leave);
    fastify.addHook("preClose", async () => {
      disconnects.close();
      // Others may go on with the app.
      await leave();
      await engine.drain();
      await streams.close();
    });
    fastify.addHook("onClose", () => {
      forget();
      return engine.release();
    });
    fastify.setErrorHandler(sendError);

    const context = { runs, streams, disconnects, instance, bodies: app.options };
    await addAgentRoutes(fastify, app, engine, context);
    leaveAll = await addProtocols(fastify, app, engine, context);
    for (const [name, hosted] of app.hosted) {
      const routes = (scope: FastifyInstance) =>
        addAgentRoutes(
          scope,
          hosted,
          engine,
          context,
          hosted.options.authenticate ?? app.options.authenticate,
        );
      await fastify.register(routes, { prefix: `/agents/${name}` });
    }
  };
}
