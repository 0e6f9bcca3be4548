import {
  type Caller,
  decodeCursor,
  encodeCursor,
  type Page,
  type ProtocolContext,
  type RunSummary,
  RuntimeError,
  type ServedAgent,
  type SessionKey,
} from "@agentscope-runtime/core";
import { z } from "zod";
import type { ListedResource, ReadResource } from "./mcp-resource.ts";
import { fromSessionUri, toSessionUri } from "./session-address.ts";

/** What clients are told of the sessions' addresses. */
export const SESSION_TEMPLATE: object = {
  uriTemplate: "session://{agent}/{user_id}/{session_id}",
  name: "session",
  title: "Session",
  description: "A conversation with an agent: its latest messages, and where the earlier ones are.",
  mimeType: "application/json",
};

/** The sessions of the agents as resources: of a caller who is known, their own. */
export class SessionResources {
  readonly #context: Pick<ProtocolContext, "agents" | "runs">;

  constructor(context: Pick<ProtocolContext, "agents" | "runs">) {
    this.#context = context;
  }

  /** One page: the sessions of one agent after the other, the most recent first. */
  async list(cursor: string | undefined, caller: Caller): Promise<Page<ListedResource>> {
    const [at, inner] = cursor === undefined ? [0, null] : decodeCursor(cursor, Position);
    const served = this.#context.agents[at];
    if (served === undefined) return { items: [] };
    const page = await this.#page(served, inner ?? undefined, caller);
    const next = page.nextCursor === undefined ? [at + 1, null] : [at, page.nextCursor];
    const isLast = page.nextCursor === undefined && at + 1 >= this.#context.agents.length;
    const items = page.items.map((session) => toListed(served.name, session));
    return isLast ? { items } : { items, nextCursor: encodeCursor(next) };
  }

  /** The session at that address with a page of its messages, or `undefined` if there is none. */
  async read(uri: string, caller: Caller): Promise<ReadResource | undefined> {
    const address = fromSessionUri(uri);
    const served = this.#context.agents.find(({ name }) => name === address?.agent);
    if (address === undefined || served === undefined) return undefined;
    const { agent, userId, sessionId, cursor } = address;
    const name = { userId, sessionId };
    const { sessions } = this.#context.runs();
    try {
      const session = await sessions.get(served.agent(), name, caller);
      const page = await sessions.messages(
        served.agent(),
        name,
        { order: "desc", limit: PAGE, cursor },
        caller,
      );
      const { nextCursor } = page;
      const earlier = nextCursor === undefined ? null : `${toSessionUri(agent, name)}?cursor=${nextCursor}`;
      const text = JSON.stringify({
        object: "session",
        id: sessionId,
        agent,
        user_id: userId,
        name: session.name ?? null,
        metadata: session.metadata,
        message_count: session.messageCount,
        messages: page.items.toReversed(),
        /** Where the messages before these are. */
        earlier,
      });
      return { uri, mimeType: "application/json", text };
    } catch (error) {
      if (RuntimeError.is(error) && NOT_THERE.has(error.code)) return undefined;
      throw error;
    }
  }

  async #page(served: ServedAgent, cursor: string | undefined, caller: Caller): Promise<Page<Listable>> {
    const runs = this.#context.runs();
    try {
      if (caller.userId !== undefined) {
        return await runs.sessions.list(served.agent(), { limit: PAGE, cursor }, caller);
      }
      // Nobody in particular has no sessions of their own; what runs there are tells whose there are.
      const { items, nextCursor } = await runs.list({ agent: served.name, limit: PAGE, cursor });
      const newest = new Map<string, RunSummary>();
      for (const run of items) {
        const uri = toSessionUri(served.name, run.session);
        if (!newest.has(uri)) newest.set(uri, run);
      }
      const isListed = await Promise.all(
        // Those that have a newer run are on an earlier page.
        [...newest.values()].map((run) => cursor === undefined || this.#isLatest(run)),
      );
      const found = [...newest.values()].filter((_, index) => isListed[index]).map(({ session }) => session);
      const [first] = found;
      // Where no history is kept there is nothing to read.
      if (first !== undefined) await runs.sessions.list(served.agent(), { userId: first.userId, limit: 1 });
      return { items: found, nextCursor };
    } catch (error) {
      if (RuntimeError.is(error) && error.code === "UNSUPPORTED") return { items: [] };
      throw error;
    }
  }

  async #isLatest({ id, session }: RunSummary): Promise<boolean> {
    const { items } = await this.#context.runs().list({ ...session, limit: 1 });
    return items[0]?.id === id;
  }
}

type Listable = SessionKey & { readonly name?: string | undefined };

function toListed(agent: string, session: Listable): ListedResource {
  return {
    uri: toSessionUri(agent, session),
    name: session.name || session.sessionId,
    description: `A conversation with ${agent}.`,
    mimeType: "application/json",
  };
}

const Position: z.ZodType<readonly [number, string | null]> = z.tuple([
  z.int().min(0),
  z.string().nullable(),
]);

// What belongs to others, and what no history keeps.
const NOT_THERE: ReadonlySet<string> = new Set([
  "RESOURCE_NOT_FOUND",
  "ACCESS_DENIED",
  "PERMISSION_DENIED",
  "UNSUPPORTED",
]);

/** How many sessions, or messages, there are on a page. */
const PAGE = 100;
