import type { Message, MessageInput } from "@agentscope-runtime/agent-api";
import {
  decodeCursor,
  encodeCursor,
  fromMessageText,
  type GetMessagesOptions,
  type ListSessionsOptions,
  ownerText,
  type Page,
  pageLimit,
  RuntimeError,
  type Session,
  type SessionChange,
  type SessionHandle,
  type SessionHistoryService,
  toJsonObjectText,
  toMessageTexts,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { SESSION_COLUMNS, type SessionRow, sessionIdOf, sessionKeyOf, toSession } from "./session-row.ts";
import { type SqliteQueries, toSqlText } from "./sqlite-queries.ts";
import { SqliteService, type SqliteServiceOptions } from "./sqlite-service.ts";

export type SqliteSessionHistoryServiceOptions = SqliteServiceOptions & {
  /** The clock, in milliseconds since the epoch. Defaults to `Date.now`. */
  readonly now?: (() => number) | undefined;
};

/** A {@link SessionHistoryService} in an SQLite file. */
export class SqliteSessionHistoryService extends SqliteService implements SessionHistoryService {
  readonly #now: () => number;

  constructor(options: SqliteSessionHistoryServiceOptions) {
    super("SqliteSessionHistoryService", options);
    this.#now = options.now ?? Date.now;
  }

  async createSession(session: SessionHandle, change: SessionChange = {}): Promise<Session> {
    const { name, metadata } = toColumns(change);
    return this.writeSession(session, (queries) => {
      if (find(queries, session) !== undefined) {
        throw new RuntimeError("SESSION_EXISTS", "There is a session of that id already.");
      }
      const row = insert(queries, session, this.#now(), name ?? null, metadata ?? "{}");
      return toSession(session, row);
    });
  }

  async getSession(session: SessionHandle): Promise<Session | undefined> {
    const row = await this.readSession(session, (queries) => find(queries, session));
    return row && toSession(session, row);
  }

  async listSessions(options: ListSessionsOptions): Promise<Page<Session>> {
    this.assertStarted();
    const limit = pageLimit(options.limit);
    const { cursor } = options;
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(cursor, SessionsCursor)[1];
    const rows = await this.read((queries) =>
      queries.all<SessionRow>(LIST_SESSIONS, ownerText(options), before, limit + 1),
    );
    return toPage(
      rows,
      limit,
      (row) => toSession({ ...options, sessionId: sessionIdOf(row) }, row),
      ({ revision }) => encodeCursor(["sessions", revision]),
    );
  }

  async updateSession(session: SessionHandle, change: SessionChange): Promise<Session> {
    const { name, metadata } = toColumns(change);
    return this.writeSession(session, (queries) => {
      const row = find(queries, session);
      if (row === undefined) throw new RuntimeError("RESOURCE_NOT_FOUND", "There is no such session.");
      const changedName = name === undefined ? row.name : name;
      queries.run(CHANGE_SESSION, changedName, metadata ?? row.metadata, row.number);
      return toSession(session, touch(queries, row, this.#now(), 0));
    });
  }

  async deleteSession(session: SessionHandle): Promise<void> {
    await this.writeSession(session, (queries) => queries.run(DELETE_SESSION, ...sessionKeyOf(session)));
  }

  async appendMessages(session: SessionHandle, messages: readonly MessageInput[]): Promise<void> {
    this.assertStarted();
    const texts = toMessageTexts(messages);
    await this.writeSession(session, (queries) => {
      if (texts.length === 0) return;
      const now = this.#now();
      const row = find(queries, session) ?? insert(queries, session, now, null, "{}");
      let appended = 0;
      for (const { id, json } of texts)
        appended += queries.run(APPEND_MESSAGE, row.number, toSqlText(id), json);
      if (appended > 0) touch(queries, row, now, appended);
    });
  }

  async getMessages(session: SessionHandle, options: GetMessagesOptions = {}): Promise<Page<Message>> {
    this.assertStarted();
    const { order = "asc", cursor } = options;
    const limit = pageLimit(options.limit);
    const [sql, start] = order === "asc" ? [MESSAGES_AFTER, 0] : [MESSAGES_BEFORE, Number.MAX_SAFE_INTEGER];
    const place = cursor === undefined ? start : decodeCursor(cursor, messagesCursor(order))[1];
    const rows = await this.readSession(session, (queries) =>
      queries.all<MessageRow>(sql, ...sessionKeyOf(session), place, limit + 1),
    );
    return toPage(rows, limit, fromMessageText, (last) => encodeCursor([order, last.place]));
  }

  async deleteMessages(session: SessionHandle, messageIds?: readonly string[]): Promise<void> {
    const ids = messageIds && JSON.stringify(messageIds.map(toSqlText));
    await this.writeSession(session, (queries) => {
      const row = find(queries, session);
      if (row === undefined) return;
      const deleted =
        ids === undefined
          ? queries.run(DELETE_ALL_MESSAGES, row.number)
          : queries.run(DELETE_MESSAGES, row.number, ids);
      if (deleted > 0) touch(queries, row, this.#now(), -deleted);
    });
  }
}

interface MessageRow {
  readonly id: string;
  readonly place: number;
  readonly json: string;
}

function find(queries: SqliteQueries, session: SessionHandle): SessionRow | undefined {
  return queries.get<SessionRow>(FIND_SESSION, ...sessionKeyOf(session));
}

function insert(
  queries: SqliteQueries,
  session: SessionHandle,
  now: number,
  name: string | null,
  metadata: string,
): SessionRow {
  const [owner, id] = sessionKeyOf(session);
  return queries.get<SessionRow>(INSERT_SESSION, owner, id, owner, now, now, name, metadata) as SessionRow;
}

/** Makes the session the most recently updated one. */
function touch(queries: SqliteQueries, { number }: SessionRow, now: number, added: number): SessionRow {
  return queries.get<SessionRow>(TOUCH_SESSION, now, added, number) as SessionRow;
}

/** What is to be written; `undefined` where nothing changes. */
function toColumns({ name, metadata }: SessionChange): {
  readonly name: string | null | undefined;
  readonly metadata: string | undefined;
} {
  return {
    name: typeof name === "string" ? toSqlText(name) : name,
    metadata: metadata === undefined ? undefined : toJsonObjectText(metadata, "The metadata"),
  };
}

const SessionsCursor = z.tuple([z.literal("sessions"), z.int().nonnegative()]);

function messagesCursor(order: "asc" | "desc"): z.ZodType<["asc" | "desc", number]> {
  return z.tuple([z.literal(order), z.int().nonnegative()]);
}

const NEXT_REVISION = "(SELECT coalesce(max(revision), 0) + 1 FROM sessions WHERE owner = ?)";
const THE_SESSION = "(SELECT number FROM sessions WHERE owner = ? AND id = ?)";

const FIND_SESSION = `SELECT ${SESSION_COLUMNS} FROM sessions WHERE owner = ? AND id = ?`;
const INSERT_SESSION = `
  INSERT INTO sessions (owner, id, revision, created_at, updated_at, message_count, name, metadata)
  VALUES (?, ?, ${NEXT_REVISION}, ?, ?, 0, ?, ?) RETURNING ${SESSION_COLUMNS}`;
const CHANGE_SESSION = "UPDATE sessions SET name = ?, metadata = ? WHERE number = ?";
const TOUCH_SESSION = `
  UPDATE sessions SET updated_at = ?, message_count = message_count + ?,
    revision = (SELECT max(revision) + 1 FROM sessions AS other WHERE other.owner = sessions.owner)
  WHERE number = ? RETURNING ${SESSION_COLUMNS}`;
const DELETE_SESSION = "DELETE FROM sessions WHERE owner = ? AND id = ?";
const LIST_SESSIONS = `
  SELECT ${SESSION_COLUMNS} FROM sessions WHERE owner = ? AND revision < ? ORDER BY revision DESC LIMIT ?`;

const APPEND_MESSAGE = `
  INSERT INTO messages (session, id, message) VALUES (?, ?, ?) ON CONFLICT (session, id) DO NOTHING`;
const MESSAGES_AFTER = `
  SELECT id, place, message AS json FROM messages WHERE session = ${THE_SESSION} AND place > ?
  ORDER BY place LIMIT ?`;
const MESSAGES_BEFORE = `
  SELECT id, place, message AS json FROM messages WHERE session = ${THE_SESSION} AND place < ?
  ORDER BY place DESC LIMIT ?`;
const DELETE_MESSAGES = "DELETE FROM messages WHERE session = ? AND id IN (SELECT value FROM json_each(?))";
const DELETE_ALL_MESSAGES = "DELETE FROM messages WHERE session = ?";
