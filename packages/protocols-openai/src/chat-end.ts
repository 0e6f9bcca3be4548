import { type AgentResponse, isErrorCode, type Usage } from "@agentscope-runtime/agent-api";
import { RuntimeError } from "@agentscope-runtime/core";
import type { ChatFinishReason, ChatUsage } from "./chat-chunk.ts";
import { parameterError } from "./openai-error.ts";

/** Why there is no completion, where a run has failed, was rejected or canceled. */
export function chatFailure({ status, error }: AgentResponse): RuntimeError | undefined {
  switch (status) {
    case "rejected":
      return parameterError(null, "invalid_prompt", error?.message ?? "The agent rejects this request.");
    case "canceled":
      return new RuntimeError("RUN_CANCELED", error?.message ?? "The run was canceled.");
    case "failed": {
      const code = error?.code;
      const message = error?.message ?? "The agent failed.";
      return new RuntimeError(isErrorCode(code) ? code : "AGENT_UNKNOWN_ERROR", message);
    }
    default:
      return undefined;
  }
}

/** Why a run ended that has not failed. */
export function toFinishReason(
  { status, incomplete_details }: AgentResponse,
  hasCalls: boolean,
): ChatFinishReason {
  const reason = incomplete_details?.reason ?? "";
  if (status === "incomplete" && !WAITING.has(reason)) {
    return reason === "content_filter" ? "content_filter" : "length";
  }
  return hasCalls ? "tool_calls" : "stop";
}

/** What a run has used, or `undefined` where it does not say. */
export function toChatUsage(usage: Usage | null): ChatUsage | undefined {
  if (usage === null) return undefined;
  const prompt = count(usage.input_tokens);
  const completion = count(usage.output_tokens);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: count(usage.cached_tokens) },
    completion_tokens_details: { reasoning_tokens: count(usage.reasoning_tokens) },
  };
}

/** True where a run waits for what the next request brings. */
export function isWaiting({ status, incomplete_details }: AgentResponse): boolean {
  return status === "incomplete" && WAITING.has(incomplete_details?.reason ?? "");
}

// The turn is over: what the agent asks for is in its answer.
const WAITING: ReadonlySet<string> = new Set(["input_required", "auth_required"]);

function count(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : 0;
}
