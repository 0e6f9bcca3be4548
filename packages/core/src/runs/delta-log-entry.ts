import type { AgentEvent } from "@agentscope-runtime/agent-api";
import { DeltaHead } from "./delta-head.ts";
import { JsonLogEntry } from "./json-log-entry.ts";

/** The entry of a piece of text. Its JSON is made of a head, which it shares with its neighbours, and the text. */
export class DeltaLogEntry extends JsonLogEntry {
  readonly text: string;
  readonly #head: DeltaHead;

  constructor(seq: number, head: string | DeltaHead, text: string) {
    const shared = typeof head === "string" ? new DeltaHead(head) : head;
    super(seq, `{"sequence_number":${seq},${shared.json}${JSON.stringify(text)}}`);
    this.text = text;
    this.#head = shared;
  }

  get head(): string {
    return this.#head.json;
  }

  protected override parse(): AgentEvent {
    return this.#head.event(this.seq, this.text);
  }
}
