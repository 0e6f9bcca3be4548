import { isDeepStrictEqual } from "node:util";
import { Message, Role } from "@agentscope-runtime/agent-api";
import { type ContentBlock, type Memory, Msg } from "@agentscope-runtime/agentscope";
import { RuntimeError, type SessionHandle, type SessionHistoryService } from "@agentscope-runtime/core";
import { isObject } from "./known-block.ts";
import { readOriginal } from "./original-message.ts";
import { StoredMessageWriter } from "./stored-message-writer.ts";
import { toAgentscopeMessages } from "./to-agentscope-messages.ts";

export interface SessionHistoryMemoryOptions {
  readonly service: SessionHistoryService;
  /** As the handler got it, so that a run that was given up can't write any more. */
  readonly session: SessionHandle;
  /** How many stored messages `getMemory` reads, the newest; `Infinity` for all. Defaults to 1000. */
  readonly limit?: number | undefined;
}

/**
 * An agent's memory that is the history of a session: what is added is stored at once, and the next run remembers it. A
 * stored message of any kind can be read; what makes no sense comes back as text.
 */
export class SessionHistoryMemory implements Memory {
  readonly #service: SessionHistoryService;
  readonly #session: SessionHandle;
  readonly #limit: number;
  #stored: Stored | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ service, session, limit = 1000 }: SessionHistoryMemoryOptions) {
    if (limit !== Number.POSITIVE_INFINITY && !(Number.isInteger(limit) && limit > 0)) {
      throw new RuntimeError(
        "CONFIGURATION_ERROR",
        "The limit of a memory is a whole number from 1, or Infinity.",
      );
    }
    this.#service = service;
    this.#session = session;
    this.#limit = limit;
  }

  /**
   * Stores messages, all or none. One that is among those that `getMemory` reads is passed over; but a message that only
   * reuses the id of another one, with words of its own or, as a user's, a time of its own, gets an id of its own.
   */
  add(messages: Msg | readonly Msg[]): Promise<void> {
    const list = "role" in messages ? [messages] : messages;
    return this.#inTurn(async () => {
      if (list.length === 0) return;
      const stored = this.#stored ?? (await this.#load());
      const added = list.map((msg) => stored.admit(msg)).filter((msg) => msg !== undefined);
      // Until it is certain what was stored, nothing is known.
      this.#stored = undefined;
      await this.#service.appendMessages(
        this.#session,
        added.flatMap((msg) => stored.writer.write(msg)),
      );
      this.#stored = stored;
    });
  }

  /** The conversation as the service holds it, oldest message first. */
  getMemory(): Promise<readonly Msg[]> {
    return this.#inTurn(async () => {
      this.#stored = await this.#load();
      return [...this.#stored.msgs.values()];
    });
  }

  /** Deletes the messages and keeps the session. */
  clear(): Promise<void> {
    return this.#inTurn(async () => {
      this.#stored = undefined;
      await this.#service.deleteMessages(this.#session);
    });
  }

  /** Empty: the conversation lives in the history, not in the agent's state. */
  stateDict(): Readonly<Record<string, unknown>> {
    return {};
  }

  async #load(): Promise<Stored> {
    const messages = await this.#read();
    const writer = new StoredMessageWriter();
    for (const message of messages) writer.note(message);
    return new Stored(writer, toAgentscopeMessages(messages));
  }

  /** The newest messages, oldest first; the first of them is not the rest of a `Msg` that was cut in two. */
  async #read(): Promise<readonly Message[]> {
    const newest: Message[] = [];
    let cursor: string | undefined;
    do {
      const limit = Math.min(1000, this.#limit + 1 - newest.length);
      const page = await this.#service.getMessages(this.#session, { order: "desc", limit, cursor });
      newest.push(...page.items.map(toReadable));
      cursor = page.nextCursor;
    } while (cursor !== undefined && newest.length <= this.#limit);
    const beyond = newest[this.#limit];
    const messages = newest.slice(0, this.#limit).reverse();
    const cut = beyond === undefined ? undefined : readOriginal(beyond.metadata).id;
    if (cut === undefined) return messages;
    const start = messages.findIndex(({ metadata }) => readOriginal(metadata).id !== cut);
    return start === -1 ? messages : messages.slice(start);
  }

  // One after the other, so that what is known of the session fits what it holds.
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** What is known of the session's history. */
class Stored {
  readonly writer: StoredMessageWriter;
  readonly msgs: Map<string, Msg>;

  constructor(writer: StoredMessageWriter, msgs: readonly Msg[]) {
    this.writer = writer;
    this.msgs = new Map(msgs.map((msg) => [msg.id, msg]));
  }

  /** The message to store for `msg`, or `undefined` if it is there already. */
  admit(msg: Msg): Msg | undefined {
    for (let uses = 1; ; uses += 1) {
      const id = uses === 1 ? msg.id : `${msg.id}~${uses}`;
      const known = this.msgs.get(id);
      if (known === undefined) {
        const admitted = uses === 1 ? msg : withId(msg, id);
        this.msgs.set(id, admitted);
        return admitted;
      }
      if (isSame(known, msg)) return undefined;
    }
  }
}

// Some clients number the messages of every turn from 1, and people repeat themselves: the time tells the two apart.
function isSame(known: Msg, msg: Msg): boolean {
  if (known.role !== msg.role) return false;
  if (msg.role === "user") {
    return known.timestamp === msg.timestamp && isDeepStrictEqual(known.content, msg.content);
  }
  // What comes back from a client may be a piece of the message, without what only the history knows of it.
  const said = known.getContentBlocks().map(essence);
  return msg
    .getContentBlocks()
    .every((block) => said.some((other) => isDeepStrictEqual(other, essence(block))));
}

function essence(block: ContentBlock): unknown {
  switch (block.type) {
    case "tool_use":
      return [block.type, block.id, block.name, block.input];
    case "tool_result":
      return [block.type, block.id, block.output];
    default:
      return block;
  }
}

function withId({ name, content, role, metadata, timestamp, usage, finishedReason }: Msg, id: string): Msg {
  return new Msg(name, content, role, { id, metadata, timestamp, usage, finishedReason });
}

// Histories outlive formats: what is no message any more is shown as the text it is.
function toReadable(stored: unknown): Message {
  const parsed = Message.safeParse(stored);
  if (parsed.success) return parsed.data;
  const { id, role } = isObject(stored) ? stored : {};
  return Message.parse({
    id: typeof id === "string" && id !== "" ? id.slice(0, 1024) : undefined,
    role: Role.safeParse(role).data ?? "assistant",
    content: [{ type: "text", text: JSON.stringify(stored) ?? "" }],
  });
}
