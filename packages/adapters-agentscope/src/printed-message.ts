import { isDeepStrictEqual } from "node:util";
import type {
  BlockDelta,
  ContentBlock,
  Msg,
  ToolResultBlock,
  ToolUseBlock,
} from "@agentscope-runtime/agentscope";
import type { AgentPart } from "@agentscope-runtime/core";
import { blockEnd, type EndStatus, messageEnd } from "./end-status.ts";
import { asKnownBlock } from "./known-block.ts";
import { audioFormat, toMediaUrl } from "./media-source.ts";
import type { PrintedCall, PrintedCalls } from "./printed-calls.ts";

/** What was sent of the block at one place. */
type Shown =
  | { readonly kind: "text" | "thinking"; text: string }
  | { readonly kind: "call"; readonly call: PrintedCall }
  | { readonly kind: "result"; block: ToolResultBlock; isFinal: boolean }
  | { readonly kind: "whole"; block: ContentBlock };

/** One growing message: turns its snapshots into what each of them adds. */
export class PrintedMessage {
  readonly #calls: PrintedCalls;
  readonly #emit: (part: AgentPart) => void;
  /** By place; most messages have one, so there is room for that. */
  readonly #shown: (Shown | undefined)[] = [undefined];
  #latest: Msg | undefined;
  /** The revision that was seen last; `undefined` after a snapshot that does not say. */
  #revision: number | undefined = 0;
  /** Where text was written last, while more of it would go on in the same slot. */
  #writing: number | undefined;
  #isUsageSent = false;
  #isOpen = true;

  constructor(calls: PrintedCalls, emit: (part: AgentPart) => void) {
    this.#calls = calls;
    this.#emit = emit;
  }

  print(msg: Msg, last: boolean): void {
    if (this.#latest === undefined) this.#emit(startOf(msg));
    this.#latest = msg;
    this.#isOpen = true;
    const { delta } = msg;
    if (delta !== undefined && this.#revision !== undefined && delta.revision === this.#revision + 1) {
      for (const change of delta.changes) this.#apply(msg, change, last);
    } else {
      for (const [place, block] of blocksOf(msg).entries()) this.#show(msg, place, block, last);
    }
    this.#revision = delta?.revision;
    if (last) this.end();
  }

  /** Ends whatever is still open. */
  end(): void {
    if (this.#latest === undefined || !this.#isOpen) return;
    const { id, usage } = this.#latest;
    // A last snapshot may hold less than was shown before.
    for (const place of this.#shown.keys()) this.#finish(this.#latest, place);
    if (usage !== undefined && !this.#isUsageSent) {
      this.#isUsageSent = true;
      this.#emit({ kind: "usage", usage: { ...usage }, messageId: id });
    }
    this.#break(id, messageEnd(this.#latest));
    this.#isOpen = false;
  }

  #apply(msg: Msg, change: BlockDelta, last: boolean): void {
    const { id } = msg;
    const { index } = change;
    const shown = this.#shown[index];
    const block = blocksOf(msg)[index];
    if (change.kind === "text" || change.kind === "thinking") {
      this.#write(id, index, change.kind, change.text, textIn(block, change.kind));
    } else if (change.kind === "tool-use" && shown?.kind === "call" && shown.call.callId === change.id) {
      this.#calls.append(shown.call, change.rawInput);
    } else if (change.kind === "tool-use" && !last && block?.type === "tool_use") {
      const call = this.#startCall(id, index, block, false);
      this.#calls.append(call, change.rawInput);
    } else if (block !== undefined) {
      this.#show(msg, index, block, last);
    }
  }

  /** What a block adds to what was sent of it. */
  #show(msg: Msg, place: number, block: ContentBlock, last: boolean): void {
    const { id } = msg;
    const known = asKnownBlock(block);
    switch (known?.type) {
      case "text":
        this.#showText(id, place, known.type, known.text);
        break;
      case "thinking":
        this.#showText(id, place, known.type, known.thinking);
        break;
      case "tool_use":
        this.#showCall(msg, place, known, last);
        break;
      case "tool_result":
        this.#showResult(msg, place, known, last);
        break;
      default:
        if (this.#shown[place]?.kind !== "whole") this.#sendWhole(id, place, block);
    }
  }

  #showText(id: string, place: number, kind: "text" | "thinking", text: string): void {
    const shown = this.#shown[place];
    const before = shown?.kind === kind ? shown.text : "";
    // An older snapshot that comes late says nothing new.
    if (before.startsWith(text)) {
      this.#write(id, place, kind, "", before);
      return;
    }
    if (text.startsWith(before)) {
      this.#write(id, place, kind, text.slice(before.length), text);
      return;
    }
    // It was written anew: what was sent can't be taken back, so the new text stands on its own.
    this.#break(id);
    this.#shown[place] = { kind, text: "" };
    this.#write(id, place, kind, text, text);
  }

  // `whole` is the block's own text: to keep that one, and not a copy that grows beside it, halves the memory.
  #write(
    id: string,
    place: number,
    kind: "text" | "thinking",
    text: string,
    whole: string | undefined,
  ): void {
    let shown = this.#shown[place];
    if (shown?.kind !== kind) {
      this.#calls.endComplete(id);
      // Even reasoning that stays empty is a message of its own, where messages are stored.
      if (kind === "thinking") this.#break(id);
      shown = { kind, text: "" };
      this.#shown[place] = shown;
    }
    if (text === "") return;
    const writing = this.#writing === undefined ? undefined : this.#shown[this.#writing];
    if (this.#writing !== place && writing?.kind === kind) this.#break(id);
    this.#writing = place;
    shown.text = whole ?? shown.text + text;
    this.#emit({ kind: kind === "text" ? "text-delta" : "reasoning-delta", messageId: id, text });
  }

  #showCall(msg: Msg, place: number, block: ToolUseBlock, last: boolean): void {
    const shown = this.#shown[place];
    const isSame = shown?.kind === "call" && shown.call.callId === block.id;
    if (isSame && this.#calls.update(shown.call, block)) return;
    const status = last ? endOf(msg, place, block) : undefined;
    const call = this.#startCall(msg.id, place, block, status === "completed");
    this.#calls.update(call, block);
    if (status !== undefined) this.#calls.end(call, status);
  }

  #startCall(id: string, place: number, block: ToolUseBlock, complete: boolean): PrintedCall {
    this.#calls.endComplete(id);
    this.#writing = undefined;
    const call = this.#calls.start(id, block, complete);
    this.#shown[place] = { kind: "call", call };
    return call;
  }

  #showResult(msg: Msg, place: number, block: ToolResultBlock, last: boolean): void {
    const shown = this.#shown[place];
    const isSame = shown?.kind === "result" && shown.block.id === block.id;
    if (isSame && (shown.isFinal || (!last && isDeepStrictEqual(shown.block, block)))) return;
    if (!isSame) {
      this.#calls.endComplete(msg.id);
      this.#break(msg.id);
      this.#calls.answered(block.id);
    }
    this.#shown[place] = { kind: "result", block, isFinal: last };
    this.#emit({
      kind: "tool-result",
      callId: block.id,
      name: block.name,
      output: block.output,
      final: last,
      ...(last ? { status: endOf(msg, place, block) } : {}),
    });
  }

  #sendWhole(id: string, place: number, block: ContentBlock): void {
    this.#calls.endComplete(id);
    this.#writing = undefined;
    this.#shown[place] = { kind: "whole", block };
    this.#emit(wholeOf(id, block));
  }

  #finish(msg: Msg, place: number): void {
    const shown = this.#shown[place];
    const block = blocksOf(msg)[place];
    const known = asKnownBlock(block);
    if (shown?.kind === "call") {
      if (known?.type === "tool_use" && known.id === shown.call.callId) shown.call.block = known;
      this.#calls.end(shown.call, endOf(msg, place, shown.call.block));
    } else if (shown?.kind === "result" && !shown.isFinal) {
      const isSame = known?.type === "tool_result" && known.id === shown.block.id;
      this.#showResult(msg, place, isSame ? known : shown.block, true);
    } else if (shown?.kind === "whole" && block !== undefined && !isDeepStrictEqual(shown.block, block)) {
      // It changed after it was sent: its last state is sent as well, those in between never.
      this.#sendWhole(msg.id, place, block);
    }
  }

  /** Ends the open text, so that what follows is a message of its own. */
  #break(id: string, status: EndStatus = "completed"): void {
    this.#writing = undefined;
    this.#emit({ kind: "message-end", messageId: id, status });
  }
}

function textIn(block: ContentBlock | undefined, kind: "text" | "thinking"): string | undefined {
  if (block?.type === "text" && kind === "text") return block.text;
  return block?.type === "thinking" && kind === "thinking" ? block.thinking : undefined;
}

function blocksOf({ content }: Msg): readonly ContentBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

function endOf(msg: Msg, place: number, block: ContentBlock): EndStatus {
  return blockEnd(msg, block, place === blocksOf(msg).length - 1);
}

function startOf({ id, role, metadata }: Msg): AgentPart {
  return { kind: "message-start", messageId: id, role, ...(metadata === null ? {} : { metadata }) };
}

function wholeOf(messageId: string, block: ContentBlock): AgentPart {
  const known = asKnownBlock(block);
  switch (known?.type) {
    case "image":
    case "video":
      return { kind: known.type, messageId, url: toMediaUrl(known.source) };
    case "audio":
      return { kind: "audio", messageId, data: toMediaUrl(known.source), format: audioFormat(known.source) };
    default:
      return { kind: "data", messageId, data: { ...block } };
  }
}
