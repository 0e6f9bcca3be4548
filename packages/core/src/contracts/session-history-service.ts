import type { Message, MessageInput } from "@agentscope-runtime/agent-api";
import type { Page, PageOptions } from "./page.ts";
import type { Service } from "./service.ts";
import type { SessionHandle, SessionKey } from "./session-key.ts";

/** What a session history says of one conversation. */
export interface Session extends SessionKey {
  /** A title for people, or `undefined`. */
  readonly name?: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When a message was last appended or the session changed, in milliseconds since the epoch. */
  readonly updatedAt: number;
  readonly messageCount: number;
}

export interface SessionChange {
  /** `null` takes the name away. */
  readonly name?: string | null | undefined;
  /** Replaces the metadata as a whole. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

export interface ListSessionsOptions extends PageOptions {
  readonly userId: string;
  readonly agent?: string | undefined;
}

export interface GetMessagesOptions extends PageOptions {
  /** `asc`: the oldest first (default). `desc`: the newest first, without reading the rest. */
  readonly order?: "asc" | "desc" | undefined;
}

/** Keeps the messages of conversations. What it returns are copies. */
export interface SessionHistoryService extends Service {
  /** Creates an empty session; `SESSION_EXISTS` if there is one. */
  createSession(session: SessionHandle, change?: SessionChange): Promise<Session>;

  /** Resolves to the session, or to `undefined` when there is none. */
  getSession(session: SessionHandle): Promise<Session | undefined>;

  /** The user's sessions with that agent, the most recently updated first. */
  listSessions(options: ListSessionsOptions): Promise<Page<Session>>;

  /** Changes name or metadata; `RESOURCE_NOT_FOUND` if there is no such session. */
  updateSession(session: SessionHandle, change: SessionChange): Promise<Session>;

  /** Deletes the session and its messages. Deleting what is not there does nothing. */
  deleteSession(session: SessionHandle): Promise<void>;

  /**
   * Appends messages in order, all or none, at a cost that does not grow with the session, which is created if
   * need be. A message whose id the session holds already is passed over, so that a repeated call is harmless.
   * Rejects with `INVALID_PARAMETER` what is no message, and with `FENCED` a writer that was superseded.
   */
  appendMessages(session: SessionHandle, messages: readonly MessageInput[]): Promise<void>;

  /** A page of the messages; empty where there is no such session. */
  getMessages(session: SessionHandle, options?: GetMessagesOptions): Promise<Page<Message>>;

  /** Deletes the messages of those ids, or all of them, and keeps the session. Unknown ids are passed over. */
  deleteMessages(session: SessionHandle, messageIds?: readonly string[]): Promise<void>;
}
