import { AgentCard } from "@a2a-js/sdk";
import {
  type AgentState,
  InMemoryTaskQueue,
  type Logger,
  type ProtocolContext,
  type RegisteredAgent,
  RuntimeError,
  type ServedAgent,
} from "@agentscope-runtime/core";
import type { A2AOptions } from "./a2a-options.ts";
import type { A2AShare } from "./a2a-servers.ts";
import type { AgentCards } from "./agent-cards.ts";
import { PushNotifications } from "./push-notifications.ts";
import { Registrations } from "./registrations.ts";
import type { RunsRequestHandler } from "./runs-request-handler.ts";
import { SharedLife } from "./shared-life.ts";
import { TenantRequestHandler } from "./tenant-request-handler.ts";

export interface ShareParts {
  readonly log: Logger;
  readonly context: ProtocolContext;
  readonly options: A2AOptions;
  readonly memory: Map<string, AgentState>;
  /** Where the agents are for everybody, if that was said. */
  readonly publicBase: string | undefined;
  /** By the agent's name; complete before anything is started. */
  readonly handlers: ReadonlyMap<string, RunsRequestHandler>;
  readonly cards: () => AgentCards;
}

/** What the servers of an app share, out of the parts of the first. */
export async function newShare(parts: ShareParts): Promise<A2AShare> {
  const contexts = new Set<ProtocolContext>();
  return {
    contexts,
    push: new SharedLife(() => newNotifications(parts)),
    registrations: new SharedLife(() => newRegistrations(parts)),
    grpc: await newGrpc(parts, contexts),
  };
}

function newNotifications({ log, context, options, memory }: ShareParts): PushNotifications {
  const { agents, runs } = context;
  const { push = {} } = options;
  return new PushNotifications({
    runs,
    log,
    memory,
    state: push.state,
    queue: push.queue ?? new InMemoryTaskQueue(),
    host: agents[0]?.name ?? "",
    agents: new Map(agents.map(({ name, agent }) => [name, () => agent().services.state])),
    allowPrivate: push.allowPrivate ?? false,
    attempts: push.attempts ?? 8,
    backoff: { delay: 1000, maxDelay: 60_000, ...push.backoff },
    timeout: push.timeout ?? 10_000,
  });
}

function newRegistrations({ log, context, options, cards, publicBase }: ShareParts): Registrations {
  const toRegistered = async (agent: ServedAgent): Promise<RegisteredAgent> => {
    const card = AgentCard.toJSON(await cards().of(agent, publicBase)) as RegisteredAgent["card"];
    return { name: agent.name, card };
  };
  return new Registrations({
    registries: options.registries ?? [],
    agents: () => Promise.all(context.agents.map(toRegistered)),
    log,
  });
}

async function newGrpc(
  { log, context, options: { grpc, legacy = true }, publicBase: baseUrl, handlers }: ShareParts,
  contexts: ReadonlySet<ProtocolContext>,
): Promise<A2AShare["grpc"]> {
  if (grpc === undefined) return undefined;
  // It takes long to load, and few need it.
  const { A2AGrpcServer } = await import("./grpc-server.ts");
  // Whichever server is there: the one that was first may have gone.
  const latest = () => [...contexts].at(-1) ?? context;
  return new SharedLife(() => {
    const own = handlers.get(context.agents[0]?.name ?? "");
    if (own === undefined) throw new RuntimeError("UNSUPPORTED", "There is no agent to talk to.");
    const handler = new TenantRequestHandler(own, handlers);
    return new A2AGrpcServer({ options: grpc, handler, legacy, context: latest, baseUrl, log });
  });
}
