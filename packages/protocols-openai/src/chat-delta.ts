import type { ChatChunkState, ChatDelta, ChatEvent, ChatFinishReason, ChatTextKey } from "./chat-chunk.ts";

/** Takes the events of a stream in their order. */
export type Emit = (event: ChatEvent) => void;

/** Emits a chunk with that delta. */
export function emitDelta(
  delta: ChatDelta,
  state: ChatChunkState,
  emit: Emit,
  finish_reason: ChatFinishReason | null = null,
): void {
  emit({
    ...heading(state),
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(state.includeUsage ? { usage: null } : {}),
  });
}

/** A piece of text, and what it is part of. */
export interface ChatTextPiece {
  readonly key: ChatTextKey;
  readonly text: string;
  readonly messageId: string;
  /** Media stand apart from the texts of their own message, too. */
  readonly isMedia: boolean;
}

/** Emits a piece of text, apart from what another message has said under the same key. */
export function emitText(
  { key, text, messageId, isMedia }: ChatTextPiece,
  state: ChatChunkState,
  emit: Emit,
): void {
  const before = state.last.find((other) => other.key === key);
  // What follows a medium stands apart from it, too.
  const last = isMedia ? "" : messageId;
  if (before?.messageId !== last) {
    state.last = [...state.last.filter((other) => other !== before), { key, messageId: last }];
  }
  const apart = before !== undefined && (isMedia || before.messageId !== messageId);
  emitDelta({ [key]: (apart ? BETWEEN_MESSAGES : "") + text }, state, emit);
}

/** What every chunk of a run says again. */
export function heading({ id, created, model }: ChatChunkState): {
  id: string;
  object: "chat.completion.chunk";
  created: number;
  model: string;
} {
  return { id, object: "chat.completion.chunk", created: created ?? 0, model };
}

/** A run may bring several messages, which are one for a chat. */
const BETWEEN_MESSAGES = "\n\n";
