import type { AgentEvent } from "@agentscope-runtime/agent-api";

/** One event of a run's log. */
export interface LogEntry {
  /** Its place: 0, 1, 2 … without gaps. */
  readonly seq: number;
  /** The event as it goes over the wire. */
  readonly json: string;
  /** The event itself; may be parsed when it is first asked for. */
  readonly event: AgentEvent;
}
