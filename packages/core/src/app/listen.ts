import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { createServer } from "../server/create-server.ts";
import { isLoopback } from "../server/loopback.ts";
import type { AgentEngine, RetainOptions } from "./agent-engine.ts";
import type { AppDefinition } from "./app-definition.ts";
import { type RunningApp, runningApp } from "./running-app.ts";

export interface ListenOptions {
  /** Defaults to `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Defaults to 8090; 0 takes any that is free. */
  readonly port?: number | undefined;
  /** Shown as `instance` by `GET /health`, to tell this server from another one that may have the port. */
  readonly instance?: string | undefined;
}

/** Serves an app on a port of its own. */
export async function listen(
  definition: AppDefinition,
  engine: AgentEngine,
  { host = "127.0.0.1", port = 8090, instance, work }: ListenOptions & RetainOptions,
): Promise<RunningApp> {
  const { name, authenticate, drainGrace = 10_000 } = definition.options;
  const loopbackOnly = isLoopback(host);
  const server = await createServer(definition, engine, { loopbackOnly, instance, work });
  try {
    const listenTextResolver = (address: string) => `${name} listens at ${address}.`;
    await server.listen({ host, port, listenTextResolver });
  } catch (error) {
    await server.close();
    throw error;
  }
  if (authenticate === undefined) {
    const trust = loopbackOnly ? "any local program" : "anybody who can reach it";
    server.log.warn(
      `There is no authenticate: ${trust} may use it, and user_id is a label, not an identity.`,
    );
  }
  return runningApp(urlOf(server, host), async () => {
    await engine.drain();
    // Node closes what is idle when the server closes, but not what falls idle only then, its last answer written.
    const sweep = setInterval(() => server.server.closeIdleConnections(), 50);
    const late = setTimeout(() => server.server.closeAllConnections(), drainGrace + 1000);
    await server.close().finally(() => {
      clearInterval(sweep);
      clearTimeout(late);
    });
  });
}

function urlOf(server: FastifyInstance, host: string): string {
  const reachable =
    host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  return `http://${reachable}:${(server.server.address() as AddressInfo).port}`;
}
