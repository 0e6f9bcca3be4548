import type { ContentType, MessageType, Role, Usage } from "@agentscope-runtime/agent-api";
import type { SlotText } from "../runs/slot-text.ts";
import { endsInHalf } from "./ends-in-half.ts";
import type { EventSequence } from "./event-sequence.ts";
import { flat } from "./flat.ts";

export interface WireMessageInit {
  readonly id: string;
  readonly type: MessageType;
  readonly role: Role;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

type Closing = "completed" | "incomplete";

/** A slot whose text is still growing. */
interface GrowingSlot {
  readonly type: "text" | "refusal";
  readonly text: SlotText;
  /** The first half of a character whose second half is still to come: no UTF-8 can say it alone. */
  half: string;
}

/** One open message of the wire: `in_progress`, then its slots one after the other, then its end. */
export class WireMessage {
  readonly id: string;
  readonly #events: EventSequence;
  readonly #init: WireMessageInit;
  readonly #closedSlots: string[] = [];
  #growing: GrowingSlot | undefined;
  #usage: Usage | null = null;

  constructor(events: EventSequence, init: WireMessageInit) {
    this.id = init.id;
    this.#events = events;
    this.#init = init;
    events.emit(this.#rest("in_progress", "null"));
  }

  set usage(usage: Usage) {
    this.#usage = usage;
  }

  /** Appends to the open slot of that type, or opens one. */
  appendText(type: "text" | "refusal", text: string): void {
    if (text === "") return;
    if (this.#growing?.type !== type) {
      this.closeSlot("completed");
      this.#growing = {
        type,
        text: this.#events.growingText(`${this.#slotHead("in_progress", type, true)},"${type}":`),
        half: "",
      };
    }
    const slot = this.#growing;
    const piece = slot.half + text;
    slot.half = endsInHalf(piece) ? piece.slice(-1) : "";
    const whole = slot.half === "" ? piece : piece.slice(0, -1);
    if (whole !== "") this.#events.emitDelta(slot.text, whole);
  }

  /** Shows a slot as it is so far; it is not open afterwards. */
  showSlot(type: ContentType, fields: object, delta = false): void {
    this.#events.emit(`${this.#slotHead("in_progress", type, delta)},${JSON.stringify(fields).slice(1)}`);
  }

  /** Adds a slot that is whole. */
  addSlot(type: ContentType, fields: object, status: Closing = "completed"): void {
    this.closeSlot("completed");
    this.#addSlot(status, type, JSON.stringify(fields).slice(1));
  }

  closeSlot(status: Closing): void {
    const slot = this.#growing;
    if (slot === undefined) return;
    this.#growing = undefined;
    if (slot.half !== "") this.#events.emitDelta(slot.text, slot.half);
    this.#addSlot(status, slot.type, `"${slot.type}":${slot.text.close()}}`);
  }

  /** Ends the message and returns its JSON as it stands in the response's `output`. */
  close(status: Closing): string {
    this.closeSlot(status);
    return this.#events.emit(this.#rest(status, `[${this.#closedSlots.join(",")}]`));
  }

  #addSlot(status: Closing, type: ContentType, rest: string): void {
    this.#closedSlots.push(this.#events.emit(`${this.#slotHead(status, type, false)},${rest}`));
  }

  #slotHead(status: string, type: ContentType, delta: boolean): string {
    const index = this.#closedSlots.length;
    return flat(
      `"object":"content","status":"${status}","error":null,"type":"${type}","index":${index},"delta":${delta},"msg_id":${JSON.stringify(this.id)}`,
    );
  }

  #rest(status: string, content: string): string {
    const { id, type, role, metadata } = this.#init;
    const head = `"object":"message","status":"${status}","error":null,"id":${JSON.stringify(id)},"type":${JSON.stringify(type)}`;
    const tail = `"code":null,"message":null,"usage":${JSON.stringify(this.#usage)},"metadata":${JSON.stringify(metadata ?? null)}}`;
    return `${flat(`${head},"role":"${role}","content":`)}${content},${flat(tail)}`;
  }
}
