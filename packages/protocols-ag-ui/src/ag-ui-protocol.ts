import {
  type HostedAgent,
  type ProtocolAdapter,
  RuntimeError,
  type ServedAgent,
} from "@agentscope-runtime/core";
import type { FastifyRequest } from "fastify";
import { connectRoute } from "./connect-route.ts";
import { runRoute } from "./run-route.ts";

export interface AgUiProtocolOptions {
  /** Where the app's own agent is. Defaults to `/ag-ui`; hosted agents have the same below `/agents/<name>`. */
  readonly path?: string | undefined;
  /**
   * What becomes of a run when its client closes the connection, which is how clients of AG-UI stop an agent. `cancel`,
   * the default, gives it some seconds to connect to the thread again.
   */
  readonly onDisconnect?: "continue" | "cancel" | undefined;
}

/** Serves the agents of an app to front ends that speak AG-UI, out of the same runs as all protocols. */
export function agUi({
  path = "/ag-ui",
  onDisconnect = "cancel",
}: AgUiProtocolOptions = {}): ProtocolAdapter {
  return {
    name: "ag-ui",
    register: (fastify, { agents, ...context }) => {
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
    },
  };
}

function agentAt(index: number, agents: readonly ServedAgent[]): HostedAgent {
  const served = agents[index];
  if (served !== undefined) return served.agent();
  throw new RuntimeError("RESOURCE_NOT_FOUND", "There is no such agent.");
}
