import type { Message } from "@agentscope-runtime/agent-api";
import type { Page, PageOptions } from "../contracts/page.ts";
import type {
  GetMessagesOptions,
  Session,
  SessionChange,
  SessionHistoryService,
} from "../contracts/session-history-service.ts";
import type { RunSession } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { assertSelf } from "./assert-self.ts";
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

/**
 * The sessions of agents, for clients: a caller with an id sees their own only, and may ask for no others. All but the
 * deletion needs a session history and rejects with `UNSUPPORTED` where the app has none.
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
    return history.listSessions({ agent: agent.name, userId: whose, limit, cursor });
  }

  /** Rejects with `SESSION_EXISTS`. */
  async create(
    agent: HostedAgent,
    name: SessionName,
    change: SessionChange = {},
    caller: Caller = {},
  ): Promise<Session> {
    return historyOf(agent).createSession(toSession(agent, name, caller), change);
  }

  /** Rejects with `RESOURCE_NOT_FOUND` where the caller has no such session. */
  async get(agent: HostedAgent, name: SessionName, caller: Caller = {}): Promise<Session> {
    const found = await historyOf(agent).getSession(toSession(agent, name, caller));
    if (found === undefined)
      throw new RuntimeError("RESOURCE_NOT_FOUND", `There is no session ${name.sessionId}.`);
    return found;
  }

  /** A page of the session's messages. Rejects with `RESOURCE_NOT_FOUND`. */
  async messages(
    agent: HostedAgent,
    name: SessionName,
    options: GetMessagesOptions = {},
    caller: Caller = {},
  ): Promise<Page<Message>> {
    await this.get(agent, name, caller);
    return historyOf(agent).getMessages(toSession(agent, name, caller), options);
  }

  /** Changes name or metadata. Rejects with `RESOURCE_NOT_FOUND`. */
  async update(
    agent: HostedAgent,
    name: SessionName,
    change: SessionChange,
    caller: Caller = {},
  ): Promise<Session> {
    return historyOf(agent).updateSession(toSession(agent, name, caller), change);
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

function historyOf(agent: HostedAgent): SessionHistoryService {
  const [history] = sessionServices(agent).histories;
  if (history !== undefined) return history;
  const message = `${agent.name} keeps no history: return a SessionHistoryService from init, or name one with services().`;
  throw new RuntimeError("UNSUPPORTED", message);
}
