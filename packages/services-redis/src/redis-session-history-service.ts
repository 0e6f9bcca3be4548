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
  type Session,
  type SessionChange,
  type SessionHandle,
  type SessionHistoryService,
  type SessionKey,
  sessionKeyText,
  toJsonObjectText,
  toMessageTexts,
  toPage,
} from "@agentscope-runtime/core";
import { z } from "zod";
import { pairs } from "./pairs.ts";
import { RedisService, type RedisServiceOptions } from "./redis-service.ts";
import {
  APPEND_MESSAGES,
  DELETE_ALL_MESSAGES,
  DELETE_MESSAGES,
  GET_MESSAGES,
} from "./scripts/message-scripts.ts";
import {
  CREATE_SESSION,
  DELETE_SESSION,
  GET_SESSION,
  LIST_SESSIONS,
  READ_SESSIONS,
  UPDATE_SESSION,
} from "./scripts/session-scripts.ts";
import { ttlArgument } from "./session-ttl.ts";
import { toSession } from "./to-session.ts";

export interface RedisSessionHistoryServiceOptions extends RedisServiceOptions {
  /** How long after its last change a session may be dropped, in milliseconds. Defaults to never. */
  readonly sessionTtl?: number | undefined;
}

/**
 * A {@link SessionHistoryService} over Redis. A session is a hash; its messages are a hash by id and a sorted set of their
 * places; the sessions of a user with an agent are a sorted set by their last change. Times are those of Redis' clock.
 */
export class RedisSessionHistoryService extends RedisService implements SessionHistoryService {
  readonly #ttl: string;

  constructor(options: RedisSessionHistoryServiceOptions) {
    super("RedisSessionHistoryService", "history", options);
    this.#ttl = ttlArgument(options.sessionTtl);
  }

  async createSession(session: SessionHandle, change: SessionChange = {}): Promise<Session> {
    const args = [...this.#args(session), ...changeArguments(change)];
    return toSession(session, await this.run(CREATE_SESSION, this.#keys(session), args));
  }

  async getSession(session: SessionHandle): Promise<Session | undefined> {
    const record = await this.run(GET_SESSION, this.#keys(session), this.#args(session));
    return record === null ? undefined : toSession(session, record);
  }

  /** A session that is deleted while the list is read may be missing from a page that would have room for it. */
  async listSessions(options: ListSessionsOptions): Promise<Page<Session>> {
    const { agent, userId, cursor } = options;
    const limit = pageLimit(options.limit);
    const before = cursor === undefined ? "" : `${decodeCursor(cursor, SessionsCursor)[1]}`;
    const args = [this.#ttl, before, `${limit + 1}`];
    const listed = pairs(await this.run(LIST_SESSIONS, [this.#sessionsKey(options)], args));
    const found = listed.map(([member, revision]) => {
      const sessionId = JSON.parse(member) as string;
      return {
        key: { ...(agent !== undefined && { agent }), userId, sessionId },
        revision: Number(revision),
      };
    });
    const page = toPage(
      found,
      limit,
      ({ key }) => key,
      (last) => encodeCursor(["sessions", last.revision]),
    );
    return { ...page, items: await this.#readSessions(page.items) };
  }

  async updateSession(session: SessionHandle, change: SessionChange): Promise<Session> {
    const args = [...this.#args(session), ...changeArguments(change)];
    return toSession(session, await this.run(UPDATE_SESSION, this.#keys(session), args));
  }

  async deleteSession(session: SessionHandle): Promise<void> {
    await this.run(DELETE_SESSION, this.#keys(session), this.#args(session));
  }

  async appendMessages(session: SessionHandle, messages: readonly MessageInput[]): Promise<void> {
    const texts = toMessageTexts(messages).flatMap(({ id, json }) => [JSON.stringify(id), json]);
    await this.run(APPEND_MESSAGES, this.#keys(session), [...this.#args(session), ...texts]);
  }

  async getMessages(session: SessionHandle, options: GetMessagesOptions = {}): Promise<Page<Message>> {
    const { order = "asc", cursor } = options;
    const limit = pageLimit(options.limit);
    const behind = cursor === undefined ? "" : `${decodeCursor(cursor, messagesCursor(order))[1]}`;
    const args = [...this.#args(session), order, behind, `${limit + 1}`];
    const found = pairs(await this.run(GET_MESSAGES, this.#keys(session), args));
    return toPage(
      found,
      limit,
      ([, json]) => fromMessageText({ id: "", json }),
      ([place]) => encodeCursor([order, Number(place)]),
    );
  }

  async deleteMessages(session: SessionHandle, messageIds?: readonly string[]): Promise<void> {
    const script = messageIds === undefined ? DELETE_ALL_MESSAGES : DELETE_MESSAGES;
    const ids = messageIds?.map((id) => JSON.stringify(id)) ?? [];
    await this.run(script, this.#keys(session), [...this.#args(session), ...ids]);
  }

  async #readSessions(keys: readonly SessionKey[]): Promise<Session[]> {
    if (keys.length === 0) return [];
    const texts = keys.map((key) => sessionKeyText(key));
    const names = texts.flatMap((text) => [this.key("session", text), this.key("places", text)]);
    const records = (await this.run(READ_SESSIONS, names, [])) as unknown[];
    return keys.flatMap((key, index) => (records[index] === null ? [] : [toSession(key, records[index])]));
  }

  #keys(session: SessionKey): string[] {
    const text = sessionKeyText(session);
    const own = ["session", "places", "messages"].map((part) => this.key(part, text));
    return [this.fenceKey(session), ...own, this.#sessionsKey(session), this.key("clock")];
  }

  #sessionsKey(owner: Pick<SessionKey, "agent" | "userId">): string {
    return this.key("sessions", ownerText(owner));
  }

  // Ids as JSON, in which a lone surrogate survives the way to Redis and back.
  #args({ fence, sessionId }: SessionHandle): string[] {
    return [`${fence ?? ""}`, this.#ttl, JSON.stringify(sessionId)];
  }
}

function changeArguments({ name, metadata }: SessionChange): string[] {
  return [
    name === undefined ? "" : JSON.stringify(name),
    metadata === undefined ? "" : toJsonObjectText(metadata, "The metadata"),
  ];
}

const SessionsCursor = z.tuple([z.literal("sessions"), z.int().nonnegative()]);

function messagesCursor(order: "asc" | "desc"): z.ZodType<["asc" | "desc", number]> {
  return z.tuple([z.literal(order), z.int().nonnegative()]);
}
