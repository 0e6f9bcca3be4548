import type { AgentEvent } from "@agentscope-runtime/agent-api";

/** What the events of pieces of one text have in common. It is parsed once, when the event of one of them is asked for. */
export class DeltaHead {
  /** What the JSON of such an event has between its number and the piece. */
  readonly json: string;
  #event: AgentEvent | undefined;
  /** The key of the piece. */
  #key = "";

  constructor(json: string) {
    this.json = json;
  }

  /** The event of the piece `text`. */
  event(seq: number, text: string): AgentEvent {
    if (this.#event === undefined) {
      this.#event = JSON.parse(`{"sequence_number":0,${this.json}""}`) as AgentEvent;
      this.#key = Object.keys(this.#event).at(-1) ?? "";
    }
    return { ...this.#event, sequence_number: seq, [this.#key]: text };
  }
}
