import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import type { OpenAIEvent, OpenAIEventState, OpenItem } from "./openai-event-state.ts";
import type { MessageItem, OutputItem } from "./output-item.ts";

type WithoutNumber<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;

/** The events of one log entry, numbered on from a state, which they move forward. */
export class ItemEvents {
  readonly events: OpenAIEvent[] = [];
  readonly #state: OpenAIEventState;
  readonly #pieces: number;

  /** `pieces` is how many deltas were joined to the entry's one. */
  constructor(state: OpenAIEventState, pieces: number) {
    this.#state = state;
    this.#pieces = pieces;
  }

  /** The item that a message is shown as, as long as it is not done. */
  find(messageId: string | null): OpenItem | undefined {
    return this.#state.open.find((open) => open.messageId === messageId);
  }

  /** The item of the call that waits for an output. */
  findCall(callId: string): OpenItem | undefined {
    return this.#state.open.find((open) => open.callId === callId);
  }

  /** The item as it is so far. */
  itemAt({ index }: OpenItem): OutputItem | undefined {
    return this.#state.items[index];
  }

  /** True if there is an item of that id. */
  has(id: string): boolean {
    return this.#state.items.some((item) => item.id === id);
  }

  /** True if the client has to answer a call of that id already. */
  isCalled(callId: string): boolean {
    return this.#state.items.some((item) => item.type === "function_call" && item.call_id === callId);
  }

  /** Adds an event, which is given its number and is not the caller's any more. */
  emit(event: WithoutNumber<ResponseStreamEvent> & { sequence_number?: number }): void {
    event.sequence_number = this.#state.sequence++;
    this.events.push(event as OpenAIEvent);
  }

  /** Adds a piece of text; of pieces that were joined it has the number of the last. */
  emitDelta(event: WithoutNumber<ResponseStreamEvent>): void {
    this.#state.sequence += this.#pieces - 1;
    this.emit(event);
  }

  /** Announces an item. */
  add(item: OutputItem, messageId: string, callId: string | null = null): OpenItem {
    const open: OpenItem = {
      index: this.#state.items.length,
      messageId,
      callId,
      parts: 0,
      slot: null,
      sent: 0,
    };
    this.#state.items.push(item);
    this.#state.open.push(open);
    this.emit({ type: "response.output_item.added", output_index: open.index, item });
    return open;
  }

  /** Notes how the item is now. */
  update({ index }: OpenItem, item: OutputItem): void {
    this.#state.items[index] = item;
  }

  /** Ends an item. */
  done(open: OpenItem, item: OutputItem): void {
    this.update(open, item);
    this.#state.open = this.#state.open.filter((other) => other !== open);
    this.emit({ type: "response.output_item.done", output_index: open.index, item });
  }

  /** Notes that a message says something: what was said before it is not the answer. */
  speak({ index }: OpenItem): void {
    const { json, answer } = this.#state;
    if (!json || (answer !== null && answer >= index)) return;
    this.#state.answer = index;
    this.#release("commentary");
  }

  /** Ends a message; where JSON is asked for, one that may be the answer is done once it is known whether it is. */
  endMessage(open: OpenItem, item: MessageItem): void {
    const { json, answer } = this.#state;
    if (!json || answer !== open.index) {
      this.done(open, json ? { ...item, phase: "commentary" } : item);
      return;
    }
    this.update(open, item);
    this.#state.open = this.#state.open.filter((other) => other !== open);
    this.#state.held = open;
  }

  /** Ends what is still open: calls whose output never came, and the answer unless the run waits for the client's. */
  close(isWaiting: boolean): void {
    const { json, answer, items } = this.#state;
    const isAnswered = answer !== null && !isWaiting && !hasOpenCall(items.slice(answer + 1));
    this.#release(isAnswered ? "final_answer" : "commentary");
    for (const open of this.#state.open) {
      const item = this.itemAt(open);
      // Images are done as soon as they are there.
      if (item === undefined || item.type === "image_generation_call") continue;
      const phase = isAnswered && open.index === answer ? "final_answer" : "commentary";
      const ended = item.type === "message" && json ? ({ ...item, phase } as const) : item;
      this.done(open, "status" in ended ? { ...ended, status: "incomplete" } : ended);
    }
  }

  #release(phase: NonNullable<MessageItem["phase"]>): void {
    const { held } = this.#state;
    const item = held === null ? undefined : this.itemAt(held);
    if (held === null || item?.type !== "message") return;
    this.#state.held = null;
    // Readers take every part of an answer for JSON of its own, which a refusal or a link beside it is not.
    this.done(held, { ...item, phase: item.content.length > 1 ? "commentary" : phase });
  }
}

/** True where a call waits: for the client, or for an output that never came. */
function hasOpenCall(items: readonly OutputItem[]): boolean {
  const answered = new Set(items.map((item) => item.type === "function_call_output" && item.call_id));
  return items.some((item) => {
    if (item.type === "function_call") return !answered.has(item.call_id);
    return item.type === "mcp_approval_request" || (item.type === "mcp_call" && item.output === null);
  });
}
