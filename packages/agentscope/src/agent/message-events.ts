import type { ContentBlock, ToolResultBlock } from "../message/content-block.ts";
import type { Msg } from "../message/msg.ts";
import type { BlockDelta } from "../message/msg-delta.ts";
import type { ReplyEventBody } from "./reply-event.ts";

/** Turns the printed snapshots of one message into events, from what their deltas say. */
export class MessageEvents {
  readonly #emit: (event: ReplyEventBody) => void;
  readonly #open = new Map<number, OpenBlock>();

  constructor(emit: (event: ReplyEventBody) => void) {
    this.#emit = emit;
  }

  /** Emits what is new in `message`, and with `last` the ends of all its blocks. */
  print(message: Msg, last: boolean): void {
    for (const change of message.delta?.changes ?? []) this.#apply(message.id, change);
    if (!last) return;
    for (const open of this.#open.values()) this.#emit(open.end());
    this.#open.clear();
  }

  #apply(messageId: string, change: BlockDelta): void {
    const { index } = change;
    switch (change.kind) {
      case "text":
      case "thinking": {
        const type = change.kind === "text" ? ("TEXT_BLOCK" as const) : ("THINKING_BLOCK" as const);
        const block_id = `${messageId}_${index}`;
        if (!this.#open.has(index)) {
          this.#emit({ type: `${type}_START`, block_id });
          this.#open.set(index, { seen: "", end: () => ({ type: `${type}_END`, block_id }) });
        }
        this.#emit({ type: `${type}_DELTA`, block_id, delta: change.text });
        return;
      }
      case "tool-use":
        this.#callStarted(index, change.id, change.name);
        if (change.rawInput !== "") {
          this.#emit({ type: "TOOL_CALL_DELTA", tool_call_id: change.id, delta: change.rawInput });
        }
        return;
      case "block":
        this.#block(messageId, index, change.block);
    }
  }

  #block(messageId: string, index: number, block: ContentBlock): void {
    if (block.type === "tool_result") this.#result(index, block);
    // Any other block that is known already has been told piece by piece.
    if (this.#open.has(index)) return;
    if (block.type === "text") this.#apply(messageId, { kind: "text", index, text: block.text });
    if (block.type === "thinking") this.#apply(messageId, { kind: "thinking", index, text: block.thinking });
    if (block.type === "tool_use") {
      const rawInput = block.raw_input ?? JSON.stringify(block.input);
      this.#apply(messageId, { kind: "tool-use", index, id: block.id, name: block.name, rawInput });
    }
  }

  #callStarted(index: number, tool_call_id: string, tool_call_name: string): void {
    if (this.#open.has(index)) return;
    this.#emit({ type: "TOOL_CALL_START", tool_call_id, tool_call_name });
    this.#open.set(index, { seen: "", end: () => ({ type: "TOOL_CALL_END", tool_call_id }) });
  }

  #result(index: number, { id, name, output, state = "success" }: ToolResultBlock): void {
    const before = this.#open.get(index);
    if (before === undefined) {
      this.#emit({ type: "TOOL_RESULT_START", tool_call_id: id, tool_call_name: name });
    }
    const content = typeof output === "string" ? [{ type: "text" as const, text: output }] : output;
    const seen = content.map((block) => (block.type === "text" ? block.text : "")).join("");
    const told = before?.seen ?? "";
    // Output only grows by convention; if it does not, the whole of it is told again.
    const delta = seen.startsWith(told) ? seen.slice(told.length) : seen;
    if (delta !== "") this.#emit({ type: "TOOL_RESULT_TEXT_DELTA", tool_call_id: id, delta });
    const media = content.filter((block) => block.type !== "text");
    for (const data of media.slice(before?.media ?? 0)) {
      this.#emit({ type: "TOOL_RESULT_DATA_DELTA", tool_call_id: id, data });
    }
    const end = (): ReplyEventBody => ({ type: "TOOL_RESULT_END", tool_call_id: id, state });
    this.#open.set(index, { seen, media: media.length, end });
  }
}

type OpenBlock = {
  readonly seen: string;
  readonly media?: number;
  readonly end: () => ReplyEventBody;
};
