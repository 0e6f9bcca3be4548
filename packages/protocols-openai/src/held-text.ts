import type { ChatChunkState, OpenChatMessage } from "./chat-chunk.ts";
import { type ChatTextPiece, type Emit, emitText } from "./chat-delta.ts";

/**
 * Adds a piece of a message of a run whose answer is to be JSON. A chat has one content, which nothing can be taken out of
 * any more: text is held back until it is known to be the answer, and what turns out to be none is shown as reasoning.
 */
export function holdText(
  piece: ChatTextPiece,
  { id, place, calls }: OpenChatMessage,
  state: ChatChunkState,
  emit: Emit,
): void {
  const isPassed = state.held !== null && state.held.place > place;
  if (!piece.isMedia && !isPassed && state.held?.place !== place) {
    releaseText(state, emit);
    state.held = { id, place, calls, text: "" };
  }
  if (piece.key === "refusal") emitText(piece, state, emit);
  else if (piece.isMedia || state.held === null || isPassed) {
    emitText({ ...piece, key: "reasoning_content" }, state, emit);
  } else state.held = { ...state.held, text: state.held.text + piece.text };
}

/** Shows what was held back, as it is not the answer. */
export function releaseText(state: ChatChunkState, emit: Emit): void {
  endText("reasoning_content", state, emit);
}

/** Shows what was held back as the answer, unless the client has to answer a call first. */
export function endAnswer(state: ChatChunkState, emit: Emit): void {
  const isCalled = state.held !== null && state.calls.length > state.held.calls;
  endText(isCalled ? "reasoning_content" : "content", state, emit);
}

function endText(key: "content" | "reasoning_content", state: ChatChunkState, emit: Emit): void {
  const { held } = state;
  state.held = null;
  if (held === null || held.text === "") return;
  emitText({ key, text: held.text, messageId: held.id, isMedia: false }, state, emit);
}
