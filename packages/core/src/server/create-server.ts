import type { FastifyInstance } from "fastify";
import type { LogOptions } from "../app/agent-app-options.ts";
import type { AgentEngine } from "../app/agent-engine.ts";
import type { AppDefinition } from "../app/app-definition.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { BODY_LIMIT } from "./accept-json.ts";
import { type AgentPluginOptions, agentPlugin } from "./agent-plugin.ts";
import { sendError } from "./error-reply.ts";
import { addHostCheck } from "./loopback.ts";
import { scrub } from "./scrub.ts";
import { dropUnusedConnections } from "./unused-connections.ts";

export interface CreateServerOptions extends AgentPluginOptions {
  /** True refuses requests whose `Host` is not loopback. */
  readonly loopbackOnly?: boolean | undefined;
}

/** A Fastify server of the app's own, ready to listen. Closing it drains and stops the app. */
export async function createServer(
  app: AppDefinition,
  engine: AgentEngine,
  { loopbackOnly = false, ...options }: CreateServerOptions = {},
): Promise<FastifyInstance> {
  // Loaded only here: a worker, or an app in somebody's own server, starts without it.
  const { fastify, LogController } = await import("fastify");
  const server = fastify({
    logger: toLogger(app.options.log),
    // A run has its own lines of log; one per request would cost more than it tells.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: app.options.bodyLimit ?? BODY_LIMIT,
    // The routes know better what can still be asked while the server closes, and how to say what can't.
    return503OnClosing: false,
    // An init may take its time.
    pluginTimeout: 0,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: sendError,
  });
  server.setErrorHandler(sendError);
  server.setNotFoundHandler((request) => {
    throw new RuntimeError(
      "RESOURCE_NOT_FOUND",
      `There is no ${request.method} ${request.url.split("?")[0]}.`,
    );
  });
  if (loopbackOnly) addHostCheck(server);
  dropUnusedConnections(server);
  try {
    await server.register(agentPlugin(app, engine, options));
    await server.ready();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

/** Ids as long as they may be, every character escaped: what is longer is told so all the same. */
const MAX_PARAM_LENGTH = 1_000_000;

function toLogger({ level = "info", write = (line) => process.stdout.write(line) }: LogOptions = {}) {
  return { level, stream: { write: (line: string) => void write(scrub(line)) } };
}
