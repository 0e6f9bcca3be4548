import type { ResolvedAgentRequest } from "@agentscope-runtime/agent-api";
import type { FrameworkAdapter, HistoryMode } from "../contracts/framework-adapter.ts";
import type { Logger } from "../contracts/logger.ts";
import type { MemoryService } from "../contracts/memory-service.ts";
import type { SessionHistoryService } from "../contracts/session-history-service.ts";
import type { RunSessionHandle } from "../contracts/session-key.ts";
import type { StateService } from "../contracts/state-service.ts";
import type { RunLimits } from "./run-limits.ts";

/** What a handler gets for one run. */
export interface HandlerContext<Input, Resources> {
  /** The run's input in the framework's own words. */
  readonly msgs: Input;
  /** The request as it came, with its ids settled. */
  readonly request: ResolvedAgentRequest;
  /** Whose conversation it is; hand it to the services as it is, it fences off runs that were given up. */
  readonly session: RunSessionHandle;
  /** What `init` returned. */
  readonly resources: Resources;
  /** Aborts when the run is canceled; pass it on to everything that waits. */
  readonly signal: AbortSignal;
  /** Logs with the ids of run and session. */
  readonly log: Logger;
}

/** A handler's result: items one by one, or one item, or a promise of either. */
export type HandlerResult<Yield> = Yield | AsyncIterable<Yield> | Iterable<Yield>;

/** Runs the agent once. */
export type QueryHandler<Input, Yield, Resources> = (
  context: HandlerContext<Input, Resources>,
) => HandlerResult<Yield> | PromiseLike<HandlerResult<Yield>>;

/** The services that the engine itself may use. */
export interface EngineServices {
  readonly state?: StateService | undefined;
  readonly history?: SessionHistoryService | undefined;
  readonly memory?: MemoryService | undefined;
}

/** An agent ready to run. */
export interface HostedAgent {
  readonly name: string;
  readonly adapter: FrameworkAdapter<unknown, unknown>;
  readonly handler: QueryHandler<unknown, unknown, unknown>;
  readonly history: HistoryMode;
  readonly resources: unknown;
  readonly services: EngineServices;
  readonly limits: RunLimits;
}
