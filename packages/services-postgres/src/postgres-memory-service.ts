import type { Message, MessageInput } from "@agentscope-runtime/agent-api";
import {
  decodeCursor,
  encodeCursor,
  type MemoryItem,
  type MemoryScope,
  type MemoryService,
  memoryTerms,
  ownerText,
  type Page,
  type PageOptions,
  pageLimit,
  type SearchMemoryOptions,
  type SessionHandle,
  searchTerms,
  sessionKeyText,
  toMessageTexts,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { digest } from "./digest.ts";
import { PostgresService, type PostgresServiceOptions } from "./postgres-service.ts";

export type PostgresMemoryServiceOptions = PostgresServiceOptions;

/**
 * A {@link MemoryService} in Postgres. It searches the text parts of messages by words, whatever their case, and Chinese,
 * Japanese, Korean and Thai by pairs of characters; what matches more of the query comes first, then what is newer.
 */
export class PostgresMemoryService extends PostgresService implements MemoryService {
  constructor(options: PostgresMemoryServiceOptions) {
    super("PostgresMemoryService", options);
  }

  async addMemory(session: SessionHandle, messages: readonly MessageInput[]): Promise<void> {
    this.assertStarted();
    const texts = toMessageTexts(messages);
    await this.write(
      "add_memory",
      session,
      digest(ownerText(session)),
      JSON.stringify(session.sessionId),
      texts.map(({ id }) => digest(JSON.stringify(id))),
      texts.map(({ json }) => json),
      texts.map((text) => JSON.stringify([...memoryTerms(text)].map(toIndexTerm))),
    );
  }

  async searchMemory(
    scope: MemoryScope,
    query: string,
    { limit = 10 }: SearchMemoryOptions = {},
  ): Promise<readonly MemoryItem[]> {
    this.assertStarted();
    if (limit === 0) return [];
    pageLimit(limit);
    const terms = [...searchTerms(query)].map(toIndexTerm);
    if (terms.length === 0) return [];
    const rows = await this.select<MemoryRow>(
      searchMemory,
      digest(ownerText(scope)),
      terms,
      sessionDigest(scope),
      limit,
    );
    return rows.map(toItem);
  }

  async listMemory(scope: MemoryScope, options: PageOptions = {}): Promise<Page<MemoryItem>> {
    this.assertStarted();
    const limit = pageLimit(options.limit);
    const after = options.cursor === undefined ? 0 : decodeCursor(options.cursor, MemoryCursor)[1];
    const ofSession = sessionDigest(scope);
    const rows = await this.select<MemoryRow>(
      listMemory(ofSession === undefined ? "owner" : "session"),
      ofSession ?? digest(ownerText(scope)),
      after,
      limit + 1,
    );
    return toPage(rows, limit, toItem, ({ place }) => encodeCursor(["memory", Number(place)]));
  }

  async deleteMemory(scope: MemoryScope): Promise<void> {
    await this.call("delete_memory", digest(ownerText(scope)), sessionDigest(scope));
  }
}

interface MemoryRow {
  readonly message: string;
  readonly session_id: string;
  readonly place: string;
}

function toItem(row: MemoryRow): MemoryItem {
  return { message: JSON.parse(row.message) as Message, sessionId: JSON.parse(row.session_id) as string };
}

function sessionDigest({ sessionId, ...owner }: MemoryScope): Buffer | undefined {
  return sessionId === undefined ? undefined : digest(sessionKeyText({ ...owner, sessionId }));
}

/** A term as the index can hold it, which bounds their length. */
function toIndexTerm(term: string): string {
  // No term has such a sign in it.
  return term.length <= 100 ? term : `#${digest(term).toString("hex")}`;
}

const MemoryCursor = z.tuple([z.literal("memory"), z.int().nonnegative()]);

const searchMemory = (schema: string) => `
  with wanted as materialized (
    select array_agg(number || ':' || term) as terms
    from ${schema}.gates, unnest($2::text[]) as term
    where digest = $1
  )
  select place, session_id, message from ${schema}.memories
  where terms && (select terms from wanted)
    and ($3::bytea is null or session = (select number from ${schema}.gates where digest = $3))
  order by
    (select count(*) from unnest(terms) as term where term = any ((select terms from wanted)::text[])) desc,
    place desc
  limit $4`;
const listMemory = (column: "owner" | "session") => (schema: string) =>
  `
  select place, session_id, message from ${schema}.memories
  where ${column} = (select number from ${schema}.gates where digest = $1) and place > $2
  order by place limit $3`;
