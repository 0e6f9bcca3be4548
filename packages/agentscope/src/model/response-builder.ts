import type { ChatUsage } from "../message/chat-usage.ts";
import type { ToolUseBlock } from "../message/content-block.ts";
import type { BlockDelta } from "../message/msg-delta.ts";
import { shortId } from "../message/short-id.ts";
import type { ChatContent, ChatResponse } from "./chat-response.ts";
import type { CompletionChunk, CompletionUsage, ToolCallFragment } from "./completion-chunk.ts";
import { parseToolInput } from "./parse-tool-input.ts";

/** Builds the responses of one call from the chunks of the OpenAI-compatible stream. */
export class ResponseBuilder {
  readonly #startedAt = performance.now();
  readonly #content: ChatContent[] = [];
  readonly #calls = new Map<number, OpenCall>();
  readonly #callIds = new Set<string>();
  #delta: BlockDelta[] = [];
  #id = "";
  #text: number | undefined;
  #thinking: number | undefined;
  #lastCall = -1;
  #usage: ChatUsage | undefined;
  #finishReason: string | undefined;

  /** Takes a chunk in; the response it leads to, or `undefined` when it adds nothing to the answer. */
  push(chunk: CompletionChunk): ChatResponse | undefined {
    if (chunk.id) this.#id = chunk.id;
    if (chunk.usage) this.#usage = this.#toUsage(chunk.usage);
    const choice = chunk.choices?.[0];
    if (choice === undefined) return undefined;
    // Some servers spell "not finished" as a string.
    if (choice.finish_reason && choice.finish_reason !== "null") this.#finishReason = choice.finish_reason;
    const { delta } = choice;
    if (!delta) return undefined;
    const thinking = delta.reasoning_content ?? delta.reasoning;
    if (thinking) this.#addThinking(thinking);
    const text = delta.content || delta.refusal;
    if (text) this.#addText(text);
    for (const fragment of delta.tool_calls ?? []) this.#addFragment(fragment);
    return this.#delta.length === 0 ? undefined : this.#response();
  }

  /** The last response, with the calls' arguments parsed; `undefined` when the stream broke off before its end. */
  finish(): ChatResponse | undefined {
    if (this.#finishReason === undefined) return undefined;
    for (const call of this.#calls.values()) {
      this.#open(call);
      const input = parseToolInput(call.rawInput) ?? {};
      this.#setBlock(call.index, { ...this.#toolUse(call), input: Object.freeze(input) });
    }
    return { ...this.#response(), usage: this.#usage, finishReason: this.#finishReason };
  }

  #response(): ChatResponse {
    const delta = this.#delta;
    this.#delta = [];
    return { id: this.#id, content: Object.freeze(this.#content.slice()), delta };
  }

  #addText(text: string): void {
    this.#text ??= this.#content.length;
    const index = this.#text;
    const block = this.#content[index];
    const before = block?.type === "text" ? block.text : "";
    this.#content[index] = Object.freeze({ type: "text", text: before + text });
    this.#delta.push({ kind: "text", index, text });
  }

  #addThinking(text: string): void {
    this.#thinking ??= this.#content.length;
    const index = this.#thinking;
    const block = this.#content[index];
    const before = block?.type === "thinking" ? block.thinking : "";
    this.#content[index] = Object.freeze({ type: "thinking", thinking: before + text });
    this.#delta.push({ kind: "thinking", index, text });
  }

  #addFragment(fragment: ToolCallFragment): void {
    const key = fragment.index ?? (fragment.id ? this.#calls.size : Math.max(0, this.#lastCall));
    this.#lastCall = key;
    const call = this.#calls.get(key) ?? { id: "", name: "", rawInput: "", untold: "", index: -1 };
    this.#calls.set(key, call);
    if (call.id === "" && fragment.id) call.id = this.#unused(fragment.id);
    if (call.name === "") call.name = fragment.function?.name ?? "";
    call.untold += fragment.function?.arguments ?? "";
    // Nothing is told of a call before its id is certain: an id must never change.
    if (call.id !== "" && call.name !== "") this.#open(call);
  }

  #open(call: OpenCall): void {
    const isNew = call.index === -1;
    if (isNew) {
      call.index = this.#content.length;
      if (call.id === "") call.id = this.#unused("");
    }
    const rawInput = call.untold;
    if (!isNew && rawInput === "") return;
    // Only ever appended to: slicing would copy the whole of long arguments for every fragment.
    call.rawInput += rawInput;
    call.untold = "";
    this.#content[call.index] = Object.freeze(this.#toolUse(call));
    this.#delta.push({ kind: "tool-use", index: call.index, id: call.id, name: call.name, rawInput });
  }

  #setBlock(index: number, block: ToolUseBlock): void {
    const frozen = Object.freeze(block);
    this.#content[index] = frozen;
    this.#delta.push({ kind: "block", index, block: frozen });
  }

  #toolUse({ id, name, rawInput }: OpenCall): ToolUseBlock {
    return { type: "tool_use", id, name, input: NO_INPUT, raw_input: rawInput };
  }

  // Two calls of one answer under one id could not be told apart any more.
  #unused(id: string): string {
    const unused = id === "" || this.#callIds.has(id) ? `call_${shortId()}` : id;
    this.#callIds.add(unused);
    return unused;
  }

  #toUsage(usage: CompletionUsage): ChatUsage {
    const cached = usage.prompt_tokens_details?.cached_tokens;
    const reasoning = usage.completion_tokens_details?.reasoning_tokens;
    return {
      input_tokens: usage.prompt_tokens ?? 0,
      output_tokens: usage.completion_tokens ?? 0,
      time: (performance.now() - this.#startedAt) / 1000,
      ...(typeof cached === "number" ? { cached_tokens: cached } : {}),
      ...(typeof reasoning === "number" ? { reasoning_tokens: reasoning } : {}),
    };
  }
}

const NO_INPUT = Object.freeze({});

type OpenCall = {
  id: string;
  name: string;
  rawInput: string;
  /** What arrived and is not part of `rawInput` yet. */
  untold: string;
  /** Where the block is, or -1 while it is held back. */
  index: number;
};
