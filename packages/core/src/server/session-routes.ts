import { z } from "zod";
import type { HostedAgent } from "../runs/hosted-agent.ts";
import { MAX_METADATA_LENGTH, MAX_NAME_LENGTH, type SessionName } from "../runs/sessions.ts";
import { callerOf } from "./authentication.ts";
import { pageQuery, toPageView } from "./page-view.ts";
import { type Route, route } from "./route.ts";
import type { ServerContext } from "./server-context.ts";
import { MessagePage, OpenedSession, SessionPage, SessionView, toSessionView } from "./session-view.ts";
import { IdParams, MAX_ID_LENGTH, queryId } from "./wire-id.ts";

const UserQuery = z.object({ user_id: queryId });
const PageQuery = UserQuery.extend(pageQuery);
const MessagesQuery = PageQuery.extend({ order: z.enum(["asc", "desc"]).default("asc") });

const name = z.string().max(MAX_NAME_LENGTH).nullish();
const metadata = z
  .record(z.string(), z.unknown())
  .nullish()
  .describe(`Any object of up to ${MAX_METADATA_LENGTH} characters of JSON.`);
const id = z.string().max(MAX_ID_LENGTH).nullish();
const NewSession = z.object({ id, user_id: id, name, metadata }).nullish();
const SessionPatch = z
  .strictObject({ name, metadata })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    error: "says nothing to change: give name or metadata",
  });

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
        return toPageView(page, (session) => toSessionView(agent().name, session));
      },
    }),
    route({
      method: "POST",
      path: "/sessions",
      summary: "Create an empty session; that is not needed before its first run",
      body: NewSession,
      response: SessionView,
      success: 201,
      refusals: [409],
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
      params: IdParams,
      query: MessagesQuery,
      response: OpenedSession,
      handle: async ({ params, query, request }) => {
        const { limit, cursor, order } = query;
        const own = named(params, query);
        const opened = await sessions().open(agent(), own, { limit, cursor, order }, callerOf(request));
        return {
          ...toSessionView(agent().name, opened.session),
          messages: toPageView(opened.messages, same),
        };
      },
    }),
    route({
      method: "GET",
      path: "/sessions/:id/messages",
      summary: "Page through the messages of a session",
      params: IdParams,
      query: MessagesQuery,
      response: MessagePage,
      handle: async ({ params, query, request }) => {
        const { limit, cursor, order } = query;
        const own = named(params, query);
        const page = await sessions().messages(agent(), own, { limit, cursor, order }, callerOf(request));
        return toPageView(page, same);
      },
    }),
    route({
      method: "PATCH",
      path: "/sessions/:id",
      summary: "Rename a session or replace its metadata; null takes either away",
      params: IdParams,
      query: UserQuery,
      body: SessionPatch,
      response: SessionView,
      handle: async ({ params, query, body, request }) => {
        const change = { name: body.name, metadata: body.metadata === null ? {} : body.metadata };
        const session = await sessions().update(agent(), named(params, query), change, callerOf(request));
        return toSessionView(agent().name, session);
      },
    }),
    route({
      method: "DELETE",
      path: "/sessions/:id",
      summary:
        "Cancel the runs of a session and delete it: its messages, its state, its memories, its runs and their events",
      params: IdParams,
      query: UserQuery,
      success: 204,
      refusals: [409, 503],
      handle: async ({ params, query, request, reply }) => {
        streams.assertRoom();
        const own = named(params, query);
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

function named({ id }: { readonly id: string }, query: z.output<typeof UserQuery>): SessionName {
  return { sessionId: id, userId: query.user_id };
}

function same<Item>(item: Item): Item {
  return item;
}
