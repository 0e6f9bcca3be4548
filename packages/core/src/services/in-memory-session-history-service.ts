import type { Message, MessageInput } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import type { Page } from "../contracts/page.ts";
import type {
  GetMessagesOptions,
  ListSessionsOptions,
  Session,
  SessionChange,
  SessionHistoryService,
} from "../contracts/session-history-service.ts";
import type { SessionHandle } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { FenceGate } from "./fence-gate.ts";
import { InMemoryService } from "./in-memory-service.ts";
import { fromMessageText, toMessageTexts } from "./message-text.ts";
import { ownerText } from "./owner-text.ts";
import { decodeCursor, encodeCursor } from "./page-cursor.ts";
import { SessionRecord } from "./session-record.ts";
import { pageLimit, toPage } from "./to-page.ts";

export interface InMemorySessionHistoryServiceOptions {
  /** The clock, in milliseconds since the epoch. Defaults to `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/**
 * A {@link SessionHistoryService} for development and tests: everything is lost on `stop()`, and neither the number of
 * sessions nor of messages has a bound.
 */
export class InMemorySessionHistoryService extends InMemoryService implements SessionHistoryService {
  readonly #now: () => number;
  /** By owner, then by session id; the least recently updated session stands first. */
  readonly #sessions = new Map<string, Map<string, SessionRecord>>();
  readonly #gate = new FenceGate();
  #counter = 0;

  constructor({ now = Date.now }: InMemorySessionHistoryServiceOptions = {}) {
    super("InMemorySessionHistoryService");
    this.#now = now;
  }

  async createSession(session: SessionHandle, change: SessionChange = {}): Promise<Session> {
    this.#write(session);
    if (this.#find(session) !== undefined) {
      throw new RuntimeError("SESSION_EXISTS", "There is a session of that id already.");
    }
    const now = this.#now();
    const record = new SessionRecord(session, now);
    record.change(change);
    this.#putLast(session, record, now);
    return record.toSession();
  }

  async getSession(session: SessionHandle): Promise<Session | undefined> {
    this.#read(session);
    return this.#find(session)?.toSession();
  }

  async listSessions(options: ListSessionsOptions): Promise<Page<Session>> {
    this.assertStarted();
    const limit = pageLimit(options.limit);
    const before = options.cursor === undefined ? Infinity : decodeCursor(options.cursor, SessionsCursor)[1];
    const records = [...(this.#sessions.get(ownerText(options))?.values() ?? [])].reverse();
    const found = records.filter(({ revision }) => revision < before);
    return toPage(
      found,
      limit,
      (record) => record.toSession(),
      ({ revision }) => encodeCursor(["sessions", revision]),
    );
  }

  async updateSession(session: SessionHandle, change: SessionChange): Promise<Session> {
    this.#write(session);
    const record = this.#find(session);
    if (record === undefined) throw new RuntimeError("RESOURCE_NOT_FOUND", "There is no such session.");
    record.change(change);
    this.#putLast(session, record, this.#now());
    return record.toSession();
  }

  async deleteSession(session: SessionHandle): Promise<void> {
    this.#write(session);
    this.#sessions.get(ownerText(session))?.delete(session.sessionId);
  }

  async appendMessages(session: SessionHandle, messages: readonly MessageInput[]): Promise<void> {
    this.#write(session);
    const texts = toMessageTexts(messages);
    const now = this.#now();
    const record = this.#find(session) ?? new SessionRecord(session, now);
    let changed = false;
    for (const text of texts) changed = record.append({ ...text, place: ++this.#counter }) || changed;
    if (changed) this.#putLast(session, record, now);
  }

  async getMessages(session: SessionHandle, options: GetMessagesOptions = {}): Promise<Page<Message>> {
    this.#read(session);
    const { order = "asc", cursor } = options;
    const limit = pageLimit(options.limit);
    const place = cursor === undefined ? undefined : decodeCursor(cursor, messagesCursor(order))[1];
    const found = this.#find(session)?.messages(order, place, limit + 1) ?? [];
    return toPage(found, limit, fromMessageText, (last) => encodeCursor([order, last.place]));
  }

  async deleteMessages(session: SessionHandle, messageIds?: readonly string[]): Promise<void> {
    this.#write(session);
    const record = this.#find(session);
    if (record?.deleteMessages(messageIds)) this.#putLast(session, record, this.#now());
  }

  protected override clear(): void {
    this.#sessions.clear();
    this.#gate.clear();
  }

  #read(session: SessionHandle): void {
    this.assertStarted();
    this.#gate.note(session);
  }

  #write(session: SessionHandle): void {
    this.assertStarted();
    this.#gate.admit(session);
  }

  #find(session: SessionHandle): SessionRecord | undefined {
    return this.#sessions.get(ownerText(session))?.get(session.sessionId);
  }

  #putLast(session: SessionHandle, record: SessionRecord, now: number): void {
    record.touch(now, ++this.#counter);
    const owner = ownerText(session);
    const sessions = this.#sessions.get(owner) ?? new Map<string, SessionRecord>();
    sessions.delete(session.sessionId);
    sessions.set(session.sessionId, record);
    this.#sessions.set(owner, sessions);
  }
}

const SessionsCursor = z.tuple([z.literal("sessions"), z.int().nonnegative()]);

function messagesCursor(order: "asc" | "desc"): z.ZodType<["asc" | "desc", number]> {
  return z.tuple([z.literal(order), z.int().nonnegative()]);
}
