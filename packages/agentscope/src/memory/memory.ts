import type { Msg } from "../message/msg.ts";

/** What an agent remembers of its conversation. */
export interface Memory {
  /** Appends messages; one whose id is stored already is passed over. */
  add(messages: Msg | readonly Msg[]): void | Promise<void>;
  /** The conversation, oldest message first. */
  getMemory(): readonly Msg[] | Promise<readonly Msg[]>;
  clear(): void | Promise<void>;
  /** What to save with the agent's state; left out where the conversation is kept elsewhere. */
  stateDict?(): Readonly<Record<string, unknown>>;
  /** Takes back what `stateDict` gave; throws a `TypeError` when it is something else. */
  loadStateDict?(state: unknown): void;
}
