import type { FastifyInstance } from "fastify";
import type { AgentEngine } from "../app/agent-engine.ts";
import type { AppDefinition } from "../app/app-definition.ts";
import type { ProtocolContext, ProtocolLife, ServedAgent } from "../contracts/protocol-adapter.ts";
import { acceptJson, BODY_LIMIT, jsonParser } from "./accept-json.ts";
import { callerOf, identify } from "./authentication.ts";
import type { ServerContext } from "./server-context.ts";

/**
 * Adds the protocols of an app, each in a scope of its own; those that run beside their routes live with the server.
 * Resolves to what lets them leave before that closes.
 */
export async function addProtocols(
  fastify: FastifyInstance,
  app: AppDefinition,
  engine: AgentEngine,
  { runs, streams, disconnects, bodies }: ServerContext,
): Promise<() => Promise<void>> {
  const { authenticate, streams: { heartbeat = 15_000, stallTimeout = 60_000 } = {} } = app.options;
  const context: ProtocolContext = {
    agents: servedAgents(app, engine),
    runs,
    callerOf,
    identify: async (request) =>
      authenticate === undefined ? {} : identify(authenticate, request, fastify.log),
    assertRoom: () => streams.assertRoom(),
    stream: (reply, source, options) => streams.send(reply, source, options),
    wait: (reply, answer) => streams.wait(reply, answer),
    hold: (work) => streams.hold(work),
    limits: { bodyLimit: bodies.bodyLimit ?? BODY_LIMIT, heartbeat, stallTimeout },
    parseJson: jsonParser(fastify, bodies),
    during: (run, reply, answer) => disconnects.during(run, reply, answer),
  };
  const lives: ProtocolLife[] = [];
  for (const protocol of app.options.protocols ?? []) {
    await fastify.register(async (scope) => {
      acceptJson(scope, bodies);
      const life = await protocol.register(scope, context);
      if (life?.leave !== undefined) lives.push(life);
      if (life?.start !== undefined) scope.addHook("onReady", () => life.start?.());
      if (life?.stop !== undefined) scope.addHook("onClose", () => life.stop?.());
    });
  }
  return async () => {
    const left = await Promise.allSettled(lives.map(async (life) => life.leave?.()));
    for (const { reason } of left.filter(({ status }) => status === "rejected") as PromiseRejectedResult[]) {
      fastify.log.error({ err: reason }, "a protocol could not leave");
    }
  };
}

/** The agents that the app's own `authenticate` speaks for. */
function servedAgents(app: AppDefinition, engine: AgentEngine): ServedAgent[] {
  const own: [string, AppDefinition][] = [[app.options.name, app]];
  const hosted = [...app.hosted].filter(([, { options }]) => options.authenticate === undefined);
  return [...own, ...hosted]
    .filter(([, { query }]) => query !== undefined)
    .map(([name, definition]) => ({
      name,
      description: definition.options.description,
      agent: () => engine.agentOf(definition),
    }));
}
