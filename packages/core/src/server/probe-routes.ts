import { z } from "zod";
import type { Health } from "../app/health.ts";
import { type Route, route } from "./route.ts";

export interface ProbeSource {
  readonly name: string;
  readonly description: string | undefined;
  /** True where there is an agent, and with it the routes of runs and sessions. */
  readonly hasAgent: boolean;
  /** Where tasks are submitted. */
  readonly taskPaths: readonly string[];
  readonly instance: string | undefined;
  readonly accepting: () => boolean;
  readonly health: () => Promise<Health>;
  readonly openApi: () => object;
}

const Readiness = z.object({
  status: z.enum(["ready", "not_ready"]),
  services: z.record(z.string(), z.boolean()),
});

/** What orchestrators and the curious ask first. */
export function probeRoutes({
  name,
  description,
  hasAgent,
  taskPaths,
  instance,
  accepting,
  health,
  openApi,
}: ProbeSource): Route[] {
  return [
    route({
      method: "GET",
      path: "/",
      summary: "What this is",
      handle: () => ({
        service: "AgentScope Runtime",
        mode: MODE,
        name,
        description: description ?? null,
        endpoints: {
          ...(hasAgent ? AGENT_ENDPOINTS : {}),
          health: "/health",
          openapi: "/openapi.json",
        },
        tasks: taskPaths,
      }),
    }),
    route({
      method: "GET",
      path: "/health",
      summary: "Whether the process works",
      open: true,
      handle: () => ({
        status: "healthy",
        mode: MODE,
        runner: accepting() ? "ready" : "not_ready",
        instance,
      }),
    }),
    route({
      method: "GET",
      path: "/liveness",
      summary: "Whether the process lives",
      open: true,
      handle: () => ({ status: "alive" }),
    }),
    route({
      method: "GET",
      path: "/readiness",
      summary: "Whether runs are taken on and the services are well",
      open: true,
      response: Readiness,
      handle: async ({ reply }) => {
        const { ready, services } = await health();
        return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not_ready", services });
      },
    }),
    route({
      method: "GET",
      path: "/openapi.json",
      summary: "This document",
      handle: () => openApi(),
    }),
  ];
}

const AGENT_ENDPOINTS = {
  process: "/process",
  runs: "/runs",
  sessions: "/sessions",
};

// The word that existing clients know for a server that lives in the process that made it.
const MODE = "daemon_thread";
