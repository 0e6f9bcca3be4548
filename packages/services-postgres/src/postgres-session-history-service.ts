import type { Message, MessageInput } from "@agentscope-runtime/agent-api";
import {
  decodeCursor,
  encodeCursor,
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
  sessionKeyText,
  toJsonObjectText,
  toMessageTexts,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { digest } from "./digest.ts";
import { PostgresService, type PostgresServiceOptions } from "./postgres-service.ts";
import { type SessionRow, sessionColumns, toSession } from "./session-row.ts";

export type PostgresSessionHistoryServiceOptions = PostgresServiceOptions;

/** A {@link SessionHistoryService} in Postgres. Times are the server's. */
export class PostgresSessionHistoryService extends PostgresService implements SessionHistoryService {
  constructor(options: PostgresSessionHistoryServiceOptions) {
    super("PostgresSessionHistoryService", options);
  }

  async createSession(session: SessionHandle, change: SessionChange = {}): Promise<Session> {
    this.assertStarted();
    const { name = null, metadata = "{}" } = toTexts(change);
    const row = await this.#change("create_session", session, ...ownKeys(session), name, metadata);
    if (row === undefined) {
      throw new RuntimeError("SESSION_EXISTS", "There is a session of that id already.");
    }
    return toSession(row);
  }

  async getSession(session: SessionHandle): Promise<Session | undefined> {
    const [row] = await this.read<SessionRow>(session, GET_SESSION);
    return row && toSession(row);
  }

  async listSessions(options: ListSessionsOptions): Promise<Page<Session>> {
    this.assertStarted();
    const limit = pageLimit(options.limit);
    const before = options.cursor === undefined ? HIGHEST : decodeCursor(options.cursor, SessionsCursor)[1];
    const owner = digest(ownerText(options));
    const rows = await this.select<SessionRow>(LIST_SESSIONS, owner, before, limit + 1);
    return toPage(rows, limit, toSession, ({ revision }) => encodeCursor(["sessions", Number(revision)]));
  }

  async updateSession(session: SessionHandle, change: SessionChange): Promise<Session> {
    this.assertStarted();
    const { name, metadata } = toTexts(change);
    const row = await this.#change("update_session", session, name !== undefined, name, metadata);
    if (row === undefined) throw new RuntimeError("RESOURCE_NOT_FOUND", "There is no such session.");
    return toSession(row);
  }

  async deleteSession(session: SessionHandle): Promise<void> {
    await this.write("delete_session", session);
  }

  async appendMessages(session: SessionHandle, messages: readonly MessageInput[]): Promise<void> {
    this.assertStarted();
    const texts = toMessageTexts(messages);
    const ids = texts.map(({ id }) => idDigest(id));
    const jsons = texts.map(({ json }) => json);
    await this.write("append_messages", session, ...ownKeys(session), ids, jsons);
  }

  async getMessages(session: SessionHandle, options: GetMessagesOptions = {}): Promise<Page<Message>> {
    this.assertStarted();
    const { order = "asc", cursor } = options;
    const limit = pageLimit(options.limit);
    const start = order === "asc" ? 0 : HIGHEST;
    const place = cursor === undefined ? start : decodeCursor(cursor, messagesCursor(order))[1];
    const statement = order === "asc" ? GET_MESSAGES_BEHIND : GET_MESSAGES_BEFORE;
    const rows = await this.read<MessageRow>(session, statement, place, limit + 1);
    return toPage(rows, limit, toMessage, (last) => encodeCursor([order, Number(last.place)]));
  }

  async deleteMessages(session: SessionHandle, messageIds?: readonly string[]): Promise<void> {
    await this.write("delete_messages", session, messageIds?.map(idDigest));
  }

  async #change(
    name: string,
    session: SessionHandle,
    ...values: readonly unknown[]
  ): Promise<SessionRow | undefined> {
    const key = digest(sessionKeyText(session));
    const places = values.map((_, index) => `$${index + 3}`).join(", ");
    const statement = (schema: string) =>
      `select ${sessionColumns} from ${schema}.${name}($1, $2, ${places})`;
    const [row] = await this.select<SessionRow>(statement, key, session.fence, ...values);
    return row;
  }
}

interface MessageRow {
  readonly message: string;
  readonly place: string;
}

function toMessage(row: MessageRow): Message {
  return JSON.parse(row.message) as Message;
}

/** What a row says of whose it is: the owner it is listed by, and its key. */
function ownKeys(session: SessionHandle): readonly [Buffer, string] {
  return [digest(ownerText(session)), sessionKeyText(session)];
}

/** As JSON, since a name may hold what a text of the database can't. */
function toTexts({ name, metadata }: SessionChange): { name?: string | null; metadata?: string } {
  return {
    ...(name !== undefined && { name: name === null ? null : JSON.stringify(name) }),
    ...(metadata !== undefined && { metadata: toJsonObjectText(metadata, "The metadata") }),
  };
}

function idDigest(id: string): Buffer {
  return digest(JSON.stringify(id));
}

/** Past every place and revision that there can be. */
const HIGHEST = Number.MAX_SAFE_INTEGER;

const SessionsCursor = z.tuple([z.literal("sessions"), z.int().nonnegative()]);

function messagesCursor(order: "asc" | "desc"): z.ZodType<["asc" | "desc", number]> {
  return z.tuple([z.literal(order), z.int().nonnegative()]);
}

const GET_SESSION = (schema: string) => `
  select ${sessionColumns} from ${schema}.sessions
  where session = (select number from ${schema}.gates where digest = $1)`;
const LIST_SESSIONS = (schema: string) => `
  select ${sessionColumns} from ${schema}.sessions
  where owner = $1 and revision < $2
  order by revision desc limit $3`;
const GET_MESSAGES_BEHIND = (schema: string) => `
  select place, message from ${schema}.messages
  where session = (select number from ${schema}.gates where digest = $1) and place > $2
  order by place limit $3`;
const GET_MESSAGES_BEFORE = (schema: string) => `
  select place, message from ${schema}.messages
  where session = (select number from ${schema}.gates where digest = $1) and place < $2
  order by place desc limit $3`;
