import { AgentResponse, Status } from "@agentscope-runtime/agent-api";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { RunRecord, RunSummary } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { callerOf } from "./authentication.ts";
import { pageOf, pageQuery, toPageView } from "./page-view.ts";
import { type Route, route } from "./route.ts";
import { toAgentApiFrames } from "./run-stream.ts";
import type { ServerContext } from "./server-context.ts";
import { toSeconds, toSecondsOrNull } from "./to-seconds.ts";
import { CancelBody, WaitQuery } from "./wait-query.ts";
import { IdParams, queryId } from "./wire-id.ts";

const ListQuery = z.object({
  session_id: queryId,
  user_id: queryId,
  status: Status.optional(),
  ...pageQuery,
});
const EventsQuery = z.object({
  // An empty text would be taken for 0.
  after: z.preprocess((after) => after || undefined, z.coerce.number().int().min(-1).optional()),
  snapshot: z.enum(["true", "false"]).default("false"),
});

/** A run over HTTP. Times are Unix seconds. */
const RunView = z.object({
  object: z.literal("run"),
  id: z.string(),
  agent: z.string(),
  session_id: z.string(),
  user_id: z.string(),
  status: Status,
  created_at: z.int(),
  started_at: z.int().nullable(),
  completed_at: z.int().nullable(),
  last_sequence_number: z.int(),
  cancel_reason: z.string().nullable(),
});
type RunView = z.infer<typeof RunView>;
const RunPage = pageOf(RunView);

/** The runs of an agent: list, look at, watch, cancel. */
export function runRoutes(agent: () => string, { runs, streams, disconnects }: ServerContext): Route[] {
  const find = (id: string, request: FastifyRequest): Promise<RunRecord> =>
    runs().get(agent(), id, callerOf(request));

  return [
    route({
      method: "GET",
      path: "/runs",
      summary: "List runs, the newest first",
      query: ListQuery,
      response: RunPage,
      handle: async ({ query: { session_id, user_id, status, limit, cursor }, request }) => {
        const filter = { agent: agent(), sessionId: session_id, userId: user_id, status, limit, cursor };
        return toPageView(await runs().list(filter, callerOf(request)), toRunView);
      },
    }),
    route({
      method: "GET",
      path: "/runs/:id",
      summary: "Look at a run; an ended one shows its response",
      params: IdParams,
      response: RunView.extend({ response: AgentResponse.nullable() }),
      refusals: [410],
      handle: async ({ params: { id }, request }) => {
        const run = await find(id, request);
        const response = run.completedAt === undefined ? null : await runs().result(run.id);
        return { ...toRunView(run), response };
      },
    }),
    route({
      method: "GET",
      path: "/runs/:id/events",
      summary:
        "Replay and follow the events of a run; with snapshot, the messages so far as one event, then what follows",
      params: IdParams,
      query: EventsQuery,
      refusals: [410, 503],
      streams: true,
      headers: {
        "Last-Event-ID":
          "The number of the last event that is known already; counts more than `after` and `snapshot`.",
      },
      statuses: { 204: "Nothing is to come: the run has ended, and its last event is known already." },
      handle: async ({ params: { id }, query, request, reply }) => {
        const run = await find(id, request);
        const resumed = lastEventId(request);
        const known = resumed ?? query.after;
        const after = known ?? -1;
        if (run.completedAt !== undefined && after >= run.lastSeq) return reply.code(204).send();
        streams.assertRoom();
        // A browser repeats the URL when it reconnects: whoever knows events already gets those that follow.
        const joins = query.snapshot === "true" && known === undefined;
        const source = (signal: AbortSignal) =>
          joins ? runs().join(run, signal) : runs().read(run.id, { after, follow: true, signal });
        const answer = () => streams.send(reply, source, { encode: toAgentApiFrames });
        const standsIn = resumed !== undefined && request.method !== "HEAD";
        await (standsIn ? disconnects.during(run, reply, answer) : answer());
        return reply;
      },
    }),
    route({
      method: "POST",
      path: "/runs/:id/cancel",
      summary: "Cancel a run; an ended one stays as it is",
      params: IdParams,
      query: WaitQuery,
      refusals: [410, 503],
      body: CancelBody,
      response: RunView,
      statuses: { 202: "The run is being canceled." },
      handle: async ({ params: { id }, query, body, request, reply }) => {
        if (query.wait === "true") streams.assertRoom();
        await find(id, request);
        const run = await runs().cancel(id, { reason: body?.reason ?? "The run was canceled." });
        if (query.wait !== "true") return accepted(run, reply);
        const ended = await streams.wait(reply, (signal) => runs().result(id, signal));
        return ended === undefined ? reply : toRunView(await find(id, request));
      },
    }),
  ];
}

function accepted(run: RunRecord, reply: FastifyReply): RunView {
  reply.code(run.completedAt === undefined ? 202 : 200);
  return toRunView(run);
}

function lastEventId({ headers }: FastifyRequest): number | undefined {
  const id = headers["last-event-id"];
  if (id === undefined || id === "") return undefined;
  if (typeof id === "string" && /^\d{1,15}$/.test(id)) return Number(id);
  throw new RuntimeError("INVALID_PARAMETER", "Last-Event-ID is the id of an event: a whole number.");
}

function toRunView({
  id,
  session,
  status,
  createdAt,
  startedAt,
  completedAt,
  lastSeq,
  cancel,
}: RunSummary): RunView {
  return {
    object: "run",
    id,
    agent: session.agent,
    session_id: session.sessionId,
    user_id: session.userId,
    status,
    created_at: toSeconds(createdAt),
    started_at: toSecondsOrNull(startedAt),
    completed_at: toSecondsOrNull(completedAt),
    last_sequence_number: lastSeq,
    cancel_reason: cancel?.reason ?? null,
  };
}
