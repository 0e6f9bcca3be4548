import { createHash } from "node:crypto";
import type { Message, MessageInput } from "@agentscope-runtime/agent-api";
import {
  decodeCursor,
  encodeCursor,
  type MemoryItem,
  type MemoryScope,
  type MemoryService,
  type MessageText,
  memoryTerms,
  ownerText,
  type Page,
  type PageOptions,
  pageLimit,
  type SearchMemoryOptions,
  type SessionHandle,
  searchTerms,
  toMessageTexts,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { pairs } from "./pairs.ts";
import { RedisService, type RedisServiceOptions } from "./redis-service.ts";
import {
  ADD_MEMORY,
  FORGET_ALL,
  FORGET_ITEMS,
  LIST_MEMORY,
  SEARCH_MEMORY,
} from "./scripts/memory-scripts.ts";

export type RedisMemoryServiceOptions = RedisServiceOptions;

/**
 * A {@link MemoryService} over Redis. It searches by words as the in-memory one does, over an index of the words that each
 * message holds: what matches more of the query comes first, then what is newer.
 */
export class RedisMemoryService extends RedisService implements MemoryService {
  constructor(options: RedisMemoryServiceOptions) {
    super("RedisMemoryService", "memory", options);
  }

  async addMemory(session: SessionHandle, messages: readonly MessageInput[]): Promise<void> {
    const { fence, sessionId } = session;
    const texts = toMessageTexts(messages).flatMap((text) => [
      nameOf(sessionId, text.id),
      `[${JSON.stringify(sessionId)},${text.json}]`,
      termsOf(text),
    ]);
    const keys = [
      this.fenceKey(session),
      ...this.#keys(session, "ids", "items", "places", "sessions", "terms"),
      this.key("clock"),
    ];
    await this.run(ADD_MEMORY, keys, [`${fence ?? ""}`, JSON.stringify(sessionId), ...texts]);
  }

  async searchMemory(
    scope: MemoryScope,
    query: string,
    { limit = 10 }: SearchMemoryOptions = {},
  ): Promise<readonly MemoryItem[]> {
    if (limit !== 0) pageLimit(limit);
    const terms = [...searchTerms(query)].slice(0, MAX_QUERY_TERMS).map(termText);
    const share = Math.floor(MAX_POSTINGS / Math.max(1, terms.length));
    const args = [sessionText(scope), `${limit}`, `${share}`, ...terms];
    const found = await this.run(SEARCH_MEMORY, this.#keys(scope, "items", "sessions", "terms"), args);
    return (found as string[]).map(toItem);
  }

  async listMemory(scope: MemoryScope, options: PageOptions = {}): Promise<Page<MemoryItem>> {
    const limit = pageLimit(options.limit);
    const after =
      options.cursor === undefined ? "" : placeText(decodeCursor(options.cursor, MemoryCursor)[1]);
    const found = await this.#list(scope, after, limit + 1);
    return toPage(
      found,
      limit,
      ([, item]) => toItem(item),
      ([place]) => encodeCursor(["memory", Number(place)]),
    );
  }

  /** Forgets all of a user's memories in one step, those of one session a hundred at a time. */
  async deleteMemory(scope: MemoryScope): Promise<void> {
    const keys = this.#keys(scope, "ids", "items", "places", "sessions", "terms");
    const { sessionId } = scope;
    if (sessionId === undefined) {
      await this.run(FORGET_ALL, keys, []);
      return;
    }
    // The terms of a message are not kept beside it, but found out once more.
    for (let after: string | undefined = ""; after !== undefined; ) {
      const found: [string, string][] = await this.#list(scope, after, FORGET_AT_ONCE);
      const args = found.flatMap(([place, item]) => {
        const { message } = toItem(item);
        const text = { id: message.id, json: JSON.stringify(message) };
        return [place, nameOf(sessionId, message.id), termsOf(text)];
      });
      if (args.length > 0) await this.run(FORGET_ITEMS, keys, [sessionText(scope), ...args]);
      after = found.length < FORGET_AT_ONCE ? undefined : found.at(-1)?.[0];
    }
  }

  async #list(scope: MemoryScope, after: string, count: number): Promise<[string, string][]> {
    const args = [sessionText(scope), after, `${count}`];
    return pairs(await this.run(LIST_MEMORY, this.#keys(scope, "items", "places", "sessions"), args));
  }

  #keys(owner: Pick<MemoryScope, "agent" | "userId">, ...parts: readonly string[]): string[] {
    return parts.map((part) => this.key(part, ownerText(owner)));
  }
}

// Redis serves nobody else while it indexes or searches, so neither may be without bound.
const MAX_MESSAGE_TERMS = 10_000;
const MAX_QUERY_TERMS = 500;
const MAX_POSTINGS = 50_000;
const FORGET_AT_ONCE = 100;

/** An item is `[sessionId, message]` as JSON. */
function toItem(text: string): MemoryItem {
  const [sessionId, message] = JSON.parse(text) as [string, Message];
  return { message, sessionId };
}

function termsOf(text: MessageText): string {
  return [...memoryTerms(text)].slice(0, MAX_MESSAGE_TERMS).map(termText).join(" ");
}

/** The term itself, or a digest of a long one; no term has a `#` of its own. */
function termText(term: string): string {
  return term.length <= 64 ? term : `#${createHash("sha256").update(term).digest("base64url")}`;
}

function nameOf(sessionId: string, messageId: string): string {
  return JSON.stringify([sessionId, messageId]);
}

function sessionText({ sessionId }: MemoryScope): string {
  return sessionId === undefined ? "" : JSON.stringify(sessionId);
}

function placeText(place: number): string {
  return `${place}`.padStart(16, "0");
}

const MemoryCursor = z.tuple([z.literal("memory"), z.int().nonnegative()]);
