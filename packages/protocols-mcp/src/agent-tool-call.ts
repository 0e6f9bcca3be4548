import { type AgentResponse, isTerminal } from "@agentscope-runtime/agent-api";
import { type Logger, type RunRecord, RuntimeError, type ServedAgent } from "@agentscope-runtime/core";
import type { AgentCalls } from "./agent-calls.ts";
import { AgentToolInput } from "./agent-tool.ts";
import { ElicitationAnswer, toQuestion } from "./elicitation.ts";
import type { Exchange } from "./exchange.ts";
import type { McpToolResult } from "./mcp-tool.ts";
import { parseArguments } from "./served-tool.ts";
import { joinProgress, type McpProgress, newMcpProgressState, toMcpProgress } from "./to-mcp-progress.ts";
import { toToolResult } from "./to-tool-result.ts";

/** A call of an agent as it comes out of the SDK. */
export interface AgentToolCall {
  readonly agent: ServedAgent;
  readonly input: unknown;
  /** The state that an earlier round of the call ended with. */
  readonly state: unknown;
  /** What the client's user was asked in that round, and has answered. */
  readonly answers: Readonly<Record<string, unknown>> | undefined;
  /** Whether the client's user can be asked. */
  readonly forms: boolean;
  readonly exchange: Exchange;
  /** Aborts when the client does not wait any more, or the server closes. */
  readonly signal: AbortSignal;
  /** Tells the client how far the call is. */
  readonly notify: (progress: McpProgress) => Promise<void>;
  readonly log: Logger;
}

/** The end of a round: the result, or what the client's user is to be asked before the next one. */
export type AgentToolEnd =
  | { readonly result: McpToolResult }
  | { readonly inputRequests: Readonly<Record<string, object>>; readonly requestState: string };

/** Calls an agent, and cancels its run if the client leaves. */
export async function callAgent(call: AgentToolCall, calls: AgentCalls): Promise<AgentToolEnd> {
  const { exchange, log } = call;
  const run = await begin(call, calls);
  // A server that closes lets its runs end by themselves; a client that leaves does not.
  const leave = () => {
    calls
      .cancel(run, exchange.caller)
      .catch((error) => log.error({ err: error, run_id: run.id }, "the run could not be canceled"));
  };
  exchange.gone.addEventListener("abort", leave);
  if (exchange.gone.aborted) leave();
  // Where this is broken off it is told only later whether the client has gone.
  const response = await follow(run, call, calls);
  exchange.gone.removeEventListener("abort", leave);
  return toEnd(response, call);
}

async function begin(
  { agent, input, state, answers, exchange }: AgentToolCall,
  calls: AgentCalls,
): Promise<RunRecord> {
  const { caller } = exchange;
  const args = await parseArguments(AgentToolInput, input);
  if (typeof state !== "string") return calls.start(agent, args, { caller });
  const waiting = await calls.get(agent.name, state, caller);
  const answer = ElicitationAnswer.safeParse(answers?.[QUESTION]);
  // Without an answer it is asked once more.
  return answer.success ? calls.answer(waiting, answer.data, caller) : waiting;
}

async function follow(
  run: RunRecord,
  { signal, notify }: AgentToolCall,
  calls: AgentCalls,
): Promise<AgentResponse> {
  const state = newMcpProgressState();
  for await (const batch of calls.runs.read(run.id, { follow: true, signal })) {
    const progress = joinProgress(batch.flatMap((entry) => toMcpProgress(entry, state)));
    if (progress !== undefined) await notify(progress);
    const event = batch.at(-1)?.event;
    if (event?.object === "response" && isTerminal(event.status)) return event;
  }
  throw new RuntimeError("SERVICE_UNAVAILABLE", `The run ${run.id} can't be followed any more.`);
}

// The state is a run's id, which says nothing that is secret: whoever sends it has to be allowed to see the run.
function toEnd(response: AgentResponse, { forms }: AgentToolCall): AgentToolEnd {
  const params = forms ? toQuestion(response) : undefined;
  if (params === undefined) return { result: toToolResult(response) };
  return {
    inputRequests: { [QUESTION]: { method: "elicitation/create", params } },
    requestState: response.id,
  };
}

const QUESTION = "question";
