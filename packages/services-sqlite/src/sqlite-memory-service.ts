import type { MessageInput } from "@agentscope-runtime/agent-api";
import {
  decodeCursor,
  encodeCursor,
  fromMessageText,
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
  toMessageTexts,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { fromSqlText, type SqliteQueries, type SqliteValue, toSqlText } from "./sqlite-queries.ts";
import { SqliteService, type SqliteServiceOptions } from "./sqlite-service.ts";

export type SqliteMemoryServiceOptions = SqliteServiceOptions;

/**
 * A {@link MemoryService} in an SQLite file. It searches the text parts of messages by words, whatever their case, and
 * Chinese, Japanese, Korean and Thai by pairs of characters; what matches more of the query comes first, then what is
 * newer. A search reads what matches only.
 */
export class SqliteMemoryService extends SqliteService implements MemoryService {
  constructor(options: SqliteMemoryServiceOptions) {
    super("SqliteMemoryService", options);
  }

  async addMemory(session: SessionHandle, messages: readonly MessageInput[]): Promise<void> {
    this.assertStarted();
    const memories = toMessageTexts(messages).map((text) => ({
      id: toSqlText(text.id),
      json: text.json,
      terms: JSON.stringify([...memoryTerms(text)]),
    }));
    const sessionId = toSqlText(session.sessionId);
    await this.writeSession(session, (queries) => {
      if (memories.length === 0) return;
      const owner = ownerNumber(queries, ownerText(session));
      for (const { id, json, terms } of memories) {
        const added = queries.get<{ place: number }>(ADD_MEMORY, owner, sessionId, id, json);
        if (added !== undefined) queries.run(ADD_TERMS, owner, added.place, terms);
      }
    });
  }

  async searchMemory(
    scope: MemoryScope,
    query: string,
    { limit = 10 }: SearchMemoryOptions = {},
  ): Promise<readonly MemoryItem[]> {
    this.assertStarted();
    if (limit !== 0) pageLimit(limit);
    const terms = JSON.stringify([...searchTerms(query)]);
    const [sql, ...values] = inScope(scope, SEARCH, SEARCH_SESSION);
    const rows = await this.read((queries) => queries.all<MemoryRow>(sql, terms, ...values, limit));
    return rows.map(toItem);
  }

  async listMemory(scope: MemoryScope, options: PageOptions = {}): Promise<Page<MemoryItem>> {
    this.assertStarted();
    const limit = pageLimit(options.limit);
    const after = options.cursor === undefined ? 0 : decodeCursor(options.cursor, MemoryCursor)[1];
    const [sql, ...values] = inScope(scope, LIST, LIST_SESSION);
    const rows = await this.read((queries) => queries.all<MemoryRow>(sql, ...values, after, limit + 1));
    return toPage(rows, limit, toItem, ({ place }) => encodeCursor(["memory", place]));
  }

  async deleteMemory(scope: MemoryScope): Promise<void> {
    const [sql, ...values] = inScope(scope, DELETE, DELETE_SESSION);
    await this.write((queries) => queries.run(sql, ...values));
  }
}

interface MemoryRow {
  readonly place: number;
  readonly session: string;
  readonly id: string;
  readonly json: string;
}

function toItem(row: MemoryRow): MemoryItem {
  return { message: fromMessageText(row), sessionId: fromSqlText(row.session) };
}

/** The statement that fits the scope, and the values that name it. */
function inScope(
  scope: MemoryScope,
  ofOwner: string,
  ofSession: string,
): readonly [sql: string, ...values: SqliteValue[]] {
  const owner = ownerText(scope);
  return scope.sessionId === undefined ? [ofOwner, owner] : [ofSession, owner, toSqlText(scope.sessionId)];
}

/** The number that stands for an owner in the other tables; a new one is given a number. */
function ownerNumber(queries: SqliteQueries, owner: string): number {
  queries.run("INSERT INTO memory_owners (owner) VALUES (?) ON CONFLICT (owner) DO NOTHING", owner);
  const row = queries.get<{ number: number }>("SELECT number FROM memory_owners WHERE owner = ?", owner);
  return (row as { number: number }).number;
}

const MemoryCursor = z.tuple([z.literal("memory"), z.int().nonnegative()]);

const THE_OWNER = "(SELECT number FROM memory_owners WHERE owner = ?)";
const COLUMNS = "memories.place, memories.session, memories.id, memories.message AS json";

const ADD_MEMORY = `
  INSERT INTO memories (owner, session, id, message) VALUES (?, ?, ?, ?)
  ON CONFLICT (owner, session, id) DO NOTHING RETURNING place`;
const ADD_TERMS = "INSERT INTO memory_terms (owner, memory, term) SELECT ?, ?, value FROM json_each(?)";

// The messages, which may be large, are read last: only those that are to be returned.
const SEARCH = `
  WITH found AS (
    SELECT memory, count(*) AS matches FROM memory_terms
    WHERE term IN (SELECT value FROM json_each(?)) AND owner = ${THE_OWNER}
    GROUP BY memory ORDER BY matches DESC, memory DESC LIMIT ?)
  SELECT ${COLUMNS} FROM found JOIN memories ON memories.place = found.memory
  ORDER BY matches DESC, memory DESC`;
const SEARCH_SESSION = `
  WITH found AS (
    SELECT memory, count(*) AS matches FROM memory_terms JOIN memories ON memories.place = memory
    WHERE term IN (SELECT value FROM json_each(?)) AND memory_terms.owner = ${THE_OWNER} AND session = ?
    GROUP BY memory ORDER BY matches DESC, memory DESC LIMIT ?)
  SELECT ${COLUMNS} FROM found JOIN memories ON memories.place = found.memory
  ORDER BY matches DESC, memory DESC`;

const LIST = `
  SELECT ${COLUMNS} FROM memories WHERE owner = ${THE_OWNER} AND place > ? ORDER BY place LIMIT ?`;
const LIST_SESSION = `
  SELECT ${COLUMNS} FROM memories WHERE owner = ${THE_OWNER} AND session = ? AND place > ?
  ORDER BY place LIMIT ?`;

// What is remembered, and what it is found by, goes with it.
const DELETE = "DELETE FROM memory_owners WHERE owner = ?";
const DELETE_SESSION = `DELETE FROM memories WHERE owner = ${THE_OWNER} AND session = ?`;
