import {
  type HostedAgent,
  type ProtocolContext,
  RuntimeError,
  type ServedAgent,
} from "@agentscope-runtime/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AgUiProtocolOptions } from "./ag-ui-protocol.ts";
import { connectRoute } from "./connect-route.ts";
import { runRoute } from "./run-route.ts";

/** Adds the routes of AG-UI to a server. */
export function serveAgUi(
  fastify: FastifyInstance,
  { agents, ...context }: ProtocolContext,
  { path = "/ag-ui", onDisconnect = "cancel" }: AgUiProtocolOptions,
): void {
  const first = () => agentAt(0, agents);
  const named = ({ params }: FastifyRequest) => {
    const { name } = params as { name: string };
    return agentAt(
      agents.findIndex((agent) => agent.name === name),
      agents,
    );
  };
  for (const [url, agentOf] of [[path, first] as const, [`/agents/:name${path}`, named] as const]) {
    fastify.post(url, runRoute(agentOf, context, onDisconnect));
    fastify.post(`${url}/connect`, connectRoute(agentOf, context));
  }
}

function agentAt(index: number, agents: readonly ServedAgent[]): HostedAgent {
  const served = agents[index];
  if (served !== undefined) return served.agent();
  throw new RuntimeError("RESOURCE_NOT_FOUND", "There is no such agent.");
}
