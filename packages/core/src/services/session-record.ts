import type { Session, SessionChange } from "../contracts/session-history-service.ts";
import type { SessionKey } from "../contracts/session-key.ts";
import { toJsonObjectText } from "./json-object.ts";
import type { MessageText } from "./message-text.ts";

/** A message and its place, which rises from one to the next. */
export interface PlacedMessage extends MessageText {
  readonly place: number;
}

/** A session and its messages as the in-memory history keeps them. */
export class SessionRecord {
  /** Rises with each change of any session. */
  revision = 0;
  readonly #key: SessionKey;
  readonly #createdAt: number;
  #updatedAt: number;
  #name: string | undefined;
  #metadata = "{}";
  #messages: PlacedMessage[] = [];
  readonly #ids = new Set<string>();

  constructor({ agent, userId, sessionId }: SessionKey, now: number) {
    this.#key = { ...(agent !== undefined && { agent }), userId, sessionId };
    this.#createdAt = now;
    this.#updatedAt = now;
  }

  toSession(): Session {
    return {
      ...this.#key,
      ...(this.#name !== undefined && { name: this.#name }),
      metadata: JSON.parse(this.#metadata) as Record<string, unknown>,
      createdAt: this.#createdAt,
      updatedAt: this.#updatedAt,
      messageCount: this.#messages.length,
    };
  }

  touch(now: number, revision: number): void {
    this.#updatedAt = now;
    this.revision = revision;
  }

  change({ name, metadata }: SessionChange): void {
    if (metadata !== undefined) this.#metadata = toJsonObjectText(metadata, "The metadata");
    if (name !== undefined) this.#name = name ?? undefined;
  }

  /** Appends a message unless its id is held already; true if it was appended. */
  append(message: PlacedMessage): boolean {
    if (this.#ids.has(message.id)) return false;
    this.#ids.add(message.id);
    this.#messages.push(message);
    return true;
  }

  /** Up to `count` messages from behind `place`, or for `desc` those before it, the newest first. */
  messages(order: "asc" | "desc", place: number | undefined, count: number): PlacedMessage[] {
    if (order === "asc") {
      const start = place === undefined ? 0 : this.#firstFrom(place + 1);
      return this.#messages.slice(start, start + count);
    }
    const end = place === undefined ? this.#messages.length : this.#firstFrom(place);
    return this.#messages.slice(Math.max(0, end - count), end).reverse();
  }

  /** Deletes the messages of those ids, or all; true if there was any. */
  deleteMessages(ids?: readonly string[]): boolean {
    const before = this.#messages.length;
    const doomed = ids === undefined ? undefined : new Set(ids);
    this.#messages = this.#messages.filter(({ id }) => doomed !== undefined && !doomed.has(id));
    if (doomed === undefined) this.#ids.clear();
    else for (const id of doomed) this.#ids.delete(id);
    return this.#messages.length < before;
  }

  /** The index of the first message at `place` or behind it, found by halving. */
  #firstFrom(place: number): number {
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#messages[middle] as PlacedMessage).place < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
