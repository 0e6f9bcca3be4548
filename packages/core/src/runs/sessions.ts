import type { Message, MessageInput } from "@agentscope-runtime/agent-api";
import type { Page, PageOptions } from "../contracts/page.ts";
import type {
  GetMessagesOptions,
  Session,
  SessionChange,
  SessionHistoryService,
} from "../contracts/session-history-service.ts";
import type { RunSession } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { toJsonObjectText } from "../services/json-object.ts";
import { assertSelf } from "./assert-self.ts";
import { boundedPage } from "./bounded-page.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import type { Caller } from "./runs.ts";
import { sessionServices } from "./session-services.ts";

/** A session as a client names it. */
export interface SessionName {
  readonly sessionId: string;
  /** Defaults to the caller; where that is nobody in particular, to the session's own id, as for runs. */
  readonly userId?: string | undefined;
}

export interface ListOwnSessionsOptions extends PageOptions {
  /** Defaults to the caller. */
  readonly userId?: string | undefined;
}

/** A session with a page of its messages. */
export interface OpenedSession {
  readonly session: Session;
  readonly messages: Page<Message>;
}

/** How many characters a session's name may have. */
export const MAX_NAME_LENGTH = 1024;

/** How many characters of JSON a session's metadata may have. */
export const MAX_METADATA_LENGTH = 16_384;

/**
 * The sessions of agents, for clients: a caller with an id sees their own only, and may ask for no others. All but the
 * deletion needs a session history and rejects with `UNSUPPORTED` where the app has none. Names have up to 1024
 * characters and metadata up to 16,384 of JSON, else they are an `INVALID_PARAMETER`. A page ends early, with a cursor,
 * where its items make more than about 4 Mi characters of JSON.
 */
export class Sessions {
  readonly #delete: (agent: HostedAgent, session: RunSession) => Promise<void>;

  constructor(deleteSession: (agent: HostedAgent, session: RunSession) => Promise<void>) {
    this.#delete = deleteSession;
  }

  /** The most recently updated first. */
  async list(
    agent: HostedAgent,
    { userId, limit, cursor }: ListOwnSessionsOptions,
    caller: Caller = {},
  ): Promise<Page<Session>> {
    const history = historyOf(agent);
    if (caller.userId !== undefined) assertSelf(userId || undefined, caller.userId);
    const whose = caller.userId || userId;
    if (!whose) throw new RuntimeError("MISSING_PARAMETER", "user_id has to say whose sessions to list.");
    const whole = { agent: agent.name, userId: whose };
    return boundedPage({ limit, cursor }, FIRST_SESSIONS, (page) =>
      history.listSessions({ ...whole, ...page }),
    );
  }

  /** Rejects with `SESSION_EXISTS`. */
  async create(
    agent: HostedAgent,
    name: SessionName,
    change: SessionChange = {},
    caller: Caller = {},
  ): Promise<Session> {
    const session = toSession(agent, name, caller);
    assertBounds(change);
    return historyOf(agent).createSession(session, change);
  }

  /** Rejects with `RESOURCE_NOT_FOUND` where the caller has no such session. */
  async get(agent: HostedAgent, name: SessionName, caller: Caller = {}): Promise<Session> {
    return find(historyOf(agent), toSession(agent, name, caller));
  }

  /** The session and a page of its messages. Rejects with `RESOURCE_NOT_FOUND`. */
  async open(
    agent: HostedAgent,
    name: SessionName,
    { order, ...options }: GetMessagesOptions = {},
    caller: Caller = {},
  ): Promise<OpenedSession> {
    const history = historyOf(agent);
    const key = toSession(agent, name, caller);
    const session = await find(history, key);
    const messages = await boundedPage(options, FIRST_MESSAGES, (page) =>
      history.getMessages(key, { order, ...page }),
    );
    return { session, messages };
  }

  /** A page of the session's messages. Rejects with `RESOURCE_NOT_FOUND`. */
  async messages(
    agent: HostedAgent,
    name: SessionName,
    options: GetMessagesOptions = {},
    caller: Caller = {},
  ): Promise<Page<Message>> {
    return (await this.open(agent, name, options, caller)).messages;
  }

  /** Changes name or metadata. Rejects with `RESOURCE_NOT_FOUND`. */
  async update(
    agent: HostedAgent,
    name: SessionName,
    change: SessionChange,
    caller: Caller = {},
  ): Promise<Session> {
    const session = toSession(agent, name, caller);
    assertBounds(change);
    return historyOf(agent).updateSession(session, change);
  }

  /** Adds messages behind those of the session. Rejects with `RESOURCE_NOT_FOUND` where the caller has no such session. */
  async addMessages(
    agent: HostedAgent,
    name: SessionName,
    messages: readonly MessageInput[],
    caller: Caller = {},
  ): Promise<void> {
    const history = historyOf(agent);
    const session = toSession(agent, name, caller);
    await find(history, session);
    await history.appendMessages(session, messages);
  }

  /** Deletes messages; ids that are not there are passed over. Rejects with `RESOURCE_NOT_FOUND`. */
  async deleteMessages(
    agent: HostedAgent,
    name: SessionName,
    messageIds: readonly string[],
    caller: Caller = {},
  ): Promise<void> {
    const history = historyOf(agent);
    const session = toSession(agent, name, caller);
    await find(history, session);
    await history.deleteMessages(session, messageIds);
  }

  /**
   * Cancels the session's runs, waits until they have settled, and deletes all there is of it: runs and their events,
   * memories, state, history. Deleting what is not there does nothing. Where it fails in the middle it can be repeated;
   * `SESSION_BUSY` if the runs do not settle in time.
   */
  async delete(agent: HostedAgent, name: SessionName, caller: Caller = {}): Promise<void> {
    await this.#delete(agent, toSession(agent, name, caller));
  }
}

function toSession(agent: HostedAgent, { sessionId, userId }: SessionName, caller: Caller): RunSession {
  if (caller.userId !== undefined) assertSelf(userId || undefined, caller.userId);
  return { agent: agent.name, userId: caller.userId || userId || sessionId, sessionId };
}

async function find(history: SessionHistoryService, session: RunSession): Promise<Session> {
  const found = await history.getSession(session);
  if (found !== undefined) return found;
  throw new RuntimeError("RESOURCE_NOT_FOUND", `There is no session ${session.sessionId}.`);
}

function assertBounds({ name, metadata }: SessionChange): void {
  if (name != null && name.length > MAX_NAME_LENGTH) {
    throw new RuntimeError("INVALID_PARAMETER", `A session's name has up to ${MAX_NAME_LENGTH} characters.`);
  }
  if (metadata == null) return;
  if (toJsonObjectText(metadata, "The metadata").length <= MAX_METADATA_LENGTH) return;
  const message = `A session's metadata has up to ${MAX_METADATA_LENGTH} characters of JSON.`;
  throw new RuntimeError("INVALID_PARAMETER", message);
}

function historyOf(agent: HostedAgent): SessionHistoryService {
  const [history] = sessionServices(agent).histories;
  if (history !== undefined) return history;
  const message = `${agent.name} keeps no history: return a SessionHistoryService from init, or name one with services().`;
  throw new RuntimeError("UNSUPPORTED", message);
}

/** How many items a page begins with, before anybody knows how long they are. */
const FIRST_SESSIONS = 128;
const FIRST_MESSAGES = 4;
