import type { TokenUsage } from "@ag-ui/core";
import type { Usage } from "@agentscope-runtime/agent-api";

/** A run's usage in AG-UI's words; `undefined` where no count is known. */
export function toTokenUsage(usage: Usage | null): TokenUsage[] | undefined {
  if (usage === null) return undefined;
  const inputTokens = count(usage.input_tokens);
  const outputTokens = count(usage.output_tokens);
  const known = inputTokens !== undefined && outputTokens !== undefined;
  const counts = Object.entries({
    inputTokens,
    outputTokens,
    totalTokens: known ? inputTokens + outputTokens : undefined,
    reasoningTokens: count(usage.reasoning_tokens),
    cachedInputTokens: count(usage.cached_tokens),
  }).filter(([, value]) => value !== undefined);
  if (counts.length === 0) return undefined;
  const model = typeof usage.model === "string" ? { model: usage.model } : {};
  return [{ ...model, ...Object.fromEntries(counts) }];
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
