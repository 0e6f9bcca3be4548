import { z } from "zod";
import { messageList } from "../message/message-list.ts";
import { Msg } from "../message/msg.ts";
import type { MsgJson, MsgJsonInput } from "../message/msg-json.ts";
import type { Memory } from "./memory.ts";

/** A {@link Memory} that lasts as long as the object, or as the state dict it is saved in. */
export class InMemoryMemory implements Memory {
  #messages = new Map<string, Msg>();

  add(messages: Msg | readonly Msg[]): void {
    for (const message of messageList(messages)) {
      if (!this.#messages.has(message.id)) this.#messages.set(message.id, message);
    }
  }

  /** A list of its own: what is added later does not show in it. */
  getMemory(): readonly Msg[] {
    return [...this.#messages.values()];
  }

  clear(): void {
    this.#messages.clear();
  }

  size(): number {
    return this.#messages.size;
  }

  stateDict(): { readonly content: readonly MsgJson[] } {
    return { content: this.getMemory().map((message) => message.toJSON()) };
  }

  /** Replaces the conversation by that of a state dict, of Python's 1.0 as well, with or without marks. */
  loadStateDict(state: unknown): void {
    const result = MemoryState.safeParse(state);
    if (!result.success)
      throw new TypeError(`This is not the state of a memory: ${z.prettifyError(result.error)}`);
    const messages = result.data.content.map((entry) => Msg.fromJSON(messageOf(entry) as MsgJsonInput));
    this.#messages = new Map(messages.map((message) => [message.id, message]));
  }
}

const MemoryState = z.looseObject({ content: z.array(z.unknown()) });

// From Python's 1.0.12 on, an entry is a pair: the message and its marks.
function messageOf(entry: unknown): unknown {
  return Array.isArray(entry) ? entry[0] : entry;
}
