import type { AgentEvent } from "@agentscope-runtime/agent-api";

/** One event of a run's log. */
export interface LogEntry {
  /** Its place: 0, 1, 2 … without gaps. */
  readonly seq: number;
  /**
   * How many events it stands for, where a finished run was compacted: those up to `seq`, joined to one. Defaults to 1.
   */
  readonly count?: number | undefined;
  /** The event as it goes over the wire. */
  readonly json: string;
  /** The event itself; may be parsed when it is first asked for. */
  readonly event: AgentEvent;
}
