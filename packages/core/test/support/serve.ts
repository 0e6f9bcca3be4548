import type { AgentApp, RunningApp } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { onTestFinished } from "vitest";

/** Serves the app on a free port of this machine until the test ends. */
export async function serve(app: AgentApp<never> | AgentApp<unknown>): Promise<RunningApp> {
  const running = await app.run({ port: 0 });
  onTestFinished(() => running.close());
  return running;
}

/** The app's server, which listens to nobody, until the test ends. */
export async function serverOf(app: AgentApp<never> | AgentApp<unknown>): Promise<FastifyInstance> {
  const server = await app.createServer();
  onTestFinished(() => server.close());
  return server;
}
