import type { BlockDelta } from "../message/msg-delta.ts";
import type { ChatContent, ChatResponse } from "../model/chat-response.ts";
import { type CallerOptions, isCallersTool } from "./caller-options.ts";

/** The model's answer as the caller wants it: calls of the caller's tools marked, and only one call if that is all it takes. */
export function forCaller(
  responses: AsyncIterable<ChatResponse>,
  caller: CallerOptions,
): AsyncIterable<ChatResponse> {
  const isPlain = (caller.callerTools ?? []).length === 0 && caller.severalCalls !== false;
  return isPlain ? responses : fit(responses, caller);
}

async function* fit(
  responses: AsyncIterable<ChatResponse>,
  caller: CallerOptions,
): AsyncGenerator<ChatResponse, void> {
  for await (const response of responses) {
    const { content, delta } = fitted(response, caller);
    // A piece of a call that is dropped is no news.
    if (delta.length > 0 || response.finishReason !== undefined) yield { ...response, content, delta };
  }
}

function fitted(
  { content, delta }: ChatResponse,
  caller: CallerOptions,
): Pick<ChatResponse, "content" | "delta"> {
  const kept = keptIndices(content, caller);
  return {
    content: Object.freeze([...kept.keys()].map((index) => marked(content[index] as ChatContent, caller))),
    delta: delta.flatMap((change) => {
      const index = kept.get(change.index);
      return index === undefined ? [] : [toChange({ ...change, index }, caller)];
    }),
  };
}

/** Where each block stands once further calls are left out. A block keeps its place, since calls are dropped from the first on. */
function keptIndices(
  content: readonly ChatContent[],
  { severalCalls = true }: CallerOptions,
): ReadonlyMap<number, number> {
  const first = content.findIndex(({ type }) => type === "tool_use");
  const indices = new Map<number, number>();
  for (const [index, { type }] of content.entries()) {
    if (severalCalls || type !== "tool_use" || index === first) indices.set(index, indices.size);
  }
  return indices;
}

function toChange(change: BlockDelta, caller: CallerOptions): BlockDelta {
  if (change.kind !== "block") return change;
  return { ...change, block: marked(change.block as ChatContent, caller) };
}

function marked(block: ChatContent, caller: CallerOptions): ChatContent {
  // Where no tool may be called, what the model calls all the same is not the caller's to run.
  if (block.type !== "tool_use" || caller.toolChoice === "none" || !isCallersTool(caller, block.name)) {
    return block;
  }
  return Object.freeze({ ...block, tool_type: "function" });
}
