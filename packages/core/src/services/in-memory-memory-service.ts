import type { MessageInput } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import type {
  MemoryItem,
  MemoryScope,
  MemoryService,
  SearchMemoryOptions,
} from "../contracts/memory-service.ts";
import type { Page, PageOptions } from "../contracts/page.ts";
import type { SessionHandle } from "../contracts/session-key.ts";
import { FenceGate } from "./fence-gate.ts";
import { InMemoryService } from "./in-memory-service.ts";
import { memoryTerms } from "./memory-terms.ts";
import { fromMessageText, type MessageText, toMessageTexts } from "./message-text.ts";
import { ownerText } from "./owner-text.ts";
import { decodeCursor, encodeCursor } from "./page-cursor.ts";
import { searchTerms } from "./search-terms.ts";
import { pageLimit, toPage } from "./to-page.ts";

/**
 * A {@link MemoryService} for development and tests: everything is lost on `stop()`, and the number of items has no
 * bound. It searches the text parts of messages by words, whatever their case, and Chinese, Japanese, Korean and Thai by
 * pairs of characters; what matches more of the query comes first, then what is newer.
 */
export class InMemoryMemoryService extends InMemoryService implements MemoryService {
  /** By owner, then by session and message id; the oldest item stands first. */
  readonly #items = new Map<string, Map<string, StoredItem>>();
  readonly #gate = new FenceGate();
  #counter = 0;

  constructor() {
    super("InMemoryMemoryService");
  }

  async addMemory(session: SessionHandle, messages: readonly MessageInput[]): Promise<void> {
    this.assertStarted();
    this.#gate.admit(session);
    const { sessionId } = session;
    const items = this.#items.get(ownerText(session)) ?? new Map<string, StoredItem>();
    for (const text of toMessageTexts(messages)) {
      const key = JSON.stringify([sessionId, text.id]);
      if (items.has(key)) continue;
      items.set(key, { ...text, sessionId, place: ++this.#counter, terms: memoryTerms(text) });
    }
    this.#items.set(ownerText(session), items);
  }

  async searchMemory(
    scope: MemoryScope,
    query: string,
    { limit = 10 }: SearchMemoryOptions = {},
  ): Promise<readonly MemoryItem[]> {
    this.assertStarted();
    if (limit !== 0) pageLimit(limit);
    const wanted = [...searchTerms(query)];
    return this.#inScope(scope)
      .map((item) => ({ item, matches: wanted.filter((term) => item.terms.has(term)).length }))
      .filter(({ matches }) => matches > 0)
      .sort((left, right) => right.matches - left.matches || right.item.place - left.item.place)
      .slice(0, limit)
      .map(({ item }) => toItem(item));
  }

  async listMemory(scope: MemoryScope, options: PageOptions = {}): Promise<Page<MemoryItem>> {
    this.assertStarted();
    const limit = pageLimit(options.limit);
    const after = options.cursor === undefined ? 0 : decodeCursor(options.cursor, MemoryCursor)[1];
    const found = this.#inScope(scope).filter(({ place }) => place > after);
    return toPage(found, limit, toItem, ({ place }) => encodeCursor(["memory", place]));
  }

  async deleteMemory(scope: MemoryScope): Promise<void> {
    this.assertStarted();
    const items = this.#items.get(ownerText(scope));
    for (const [key, { sessionId }] of items ?? []) {
      if (scope.sessionId === undefined || sessionId === scope.sessionId) items?.delete(key);
    }
  }

  protected override clear(): void {
    this.#items.clear();
    this.#gate.clear();
  }

  #inScope(scope: MemoryScope): readonly StoredItem[] {
    const items = [...(this.#items.get(ownerText(scope))?.values() ?? [])];
    return scope.sessionId === undefined
      ? items
      : items.filter(({ sessionId }) => sessionId === scope.sessionId);
  }
}

interface StoredItem extends MessageText {
  readonly sessionId: string;
  readonly place: number;
  readonly terms: ReadonlySet<string>;
}

function toItem(item: StoredItem): MemoryItem {
  return { message: fromMessageText(item), sessionId: item.sessionId };
}

const MemoryCursor = z.tuple([z.literal("memory"), z.int().nonnegative()]);
