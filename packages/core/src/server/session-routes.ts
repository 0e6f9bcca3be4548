import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { HostedAgent } from "../runs/hosted-agent.ts";
import type { SessionName } from "../runs/sessions.ts";
import { callerOf } from "./authentication.ts";
import { type Route, route } from "./route.ts";
import type { ServerContext } from "./server-context.ts";
import {
  MessagePage,
  OpenedSession,
  SessionPage,
  SessionView,
  toPageView,
  toSessionView,
} from "./session-view.ts";

const UserQuery = z.object({ user_id: z.string().max(1024).optional() });
const PageQuery = UserQuery.extend({
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  cursor: z.string().optional(),
});
const MessagesQuery = PageQuery.extend({ order: z.enum(["asc", "desc"]).optional() });

const name = z.string().max(1000).nullish();
const metadata = z.record(z.string(), z.unknown()).nullish();
const id = z.string().max(1024).nullish();
const NewSession = z.object({ id, user_id: id, name, metadata }).nullish();
const SessionPatch = z.object({ name, metadata });

/** The sessions of an agent: list, create, look at, rename, delete. */
export function sessionRoutes(agent: () => HostedAgent, { runs, streams }: ServerContext): Route[] {
  const sessions = () => runs().sessions;

  return [
    route({
      method: "GET",
      path: "/sessions",
      summary: "List a user's sessions, the most recently updated first",
      query: PageQuery,
      response: SessionPage,
      handle: async ({ query: { user_id: userId, limit, cursor }, request }) => {
        const page = await sessions().list(agent(), { userId, limit, cursor }, callerOf(request));
        return toPageView({
          ...page,
          items: page.items.map((session) => toSessionView(agent().name, session)),
        });
      },
    }),
    route({
      method: "POST",
      path: "/sessions",
      summary: "Create an empty session; that is not needed before its first run",
      body: NewSession,
      response: SessionView,
      success: 201,
      handle: async ({ body, request }) => {
        const own = { sessionId: body?.id || crypto.randomUUID(), userId: body?.user_id ?? undefined };
        const change = { name: body?.name, metadata: body?.metadata ?? undefined };
        return toSessionView(agent().name, await sessions().create(agent(), own, change, callerOf(request)));
      },
    }),
    route({
      method: "GET",
      path: "/sessions/:id",
      summary: "Look at a session and a page of its messages",
      query: MessagesQuery,
      response: OpenedSession,
      handle: async ({ query, request }) => {
        const { limit, cursor, order } = query;
        const own = named(request, query);
        const session = await sessions().get(agent(), own, callerOf(request));
        const page = await sessions().messages(agent(), own, { limit, cursor, order }, callerOf(request));
        return { ...toSessionView(agent().name, session), messages: toPageView(page) };
      },
    }),
    route({
      method: "GET",
      path: "/sessions/:id/messages",
      summary: "Page through the messages of a session",
      query: MessagesQuery,
      response: MessagePage,
      handle: async ({ query, request }) => {
        const { limit, cursor, order } = query;
        const own = named(request, query);
        return toPageView(
          await sessions().messages(agent(), own, { limit, cursor, order }, callerOf(request)),
        );
      },
    }),
    route({
      method: "PATCH",
      path: "/sessions/:id",
      summary: "Rename a session or replace its metadata; null takes either away",
      query: UserQuery,
      body: SessionPatch,
      response: SessionView,
      handle: async ({ query, body, request }) => {
        const change = { name: body.name, metadata: body.metadata === null ? {} : body.metadata };
        const session = await sessions().update(agent(), named(request, query), change, callerOf(request));
        return toSessionView(agent().name, session);
      },
    }),
    route({
      method: "DELETE",
      path: "/sessions/:id",
      summary:
        "Cancel the runs of a session and delete it: its messages, its state, its memories, its runs and their events",
      query: UserQuery,
      success: 204,
      handle: async ({ query, request, reply }) => {
        streams.assertRoom();
        const own = named(request, query);
        const caller = callerOf(request);
        // Goes on even where the client does not wait for it.
        const done = await streams.wait(reply, async () => {
          await sessions().delete(agent(), own, caller);
          return true;
        });
        return done ? reply.send() : reply;
      },
    }),
  ];
}

function named(request: FastifyRequest, query: z.output<typeof UserQuery>): SessionName {
  return { sessionId: (request.params as { id: string }).id, userId: query.user_id };
}
