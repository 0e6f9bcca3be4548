import type { AgentEvent } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "../contracts/log-entry.ts";

/** An entry made of the event's text; the event is parsed when somebody asks for it. */
export class JsonLogEntry implements LogEntry {
  readonly seq: number;
  readonly json: string;
  #event: AgentEvent | undefined;

  constructor(seq: number, json: string) {
    this.seq = seq;
    this.json = json;
  }

  get event(): AgentEvent {
    this.#event ??= this.parse();
    return this.#event;
  }

  protected parse(): AgentEvent {
    return JSON.parse(this.json) as AgentEvent;
  }
}
