import { AgentResponse, Status } from "@agentscope-runtime/agent-api";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { RunRecord } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { callerOf } from "./authentication.ts";
import { type Route, route } from "./route.ts";
import { toAgentApiFrames } from "./run-stream.ts";
import type { ServerContext } from "./server-context.ts";

const ListQuery = z.object({
  session_id: z.string().optional(),
  user_id: z.string().optional(),
  status: Status.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  cursor: z.string().optional(),
});
const EventsQuery = z.object({
  // An empty text would be taken for 0.
  after: z.preprocess((after) => after || undefined, z.coerce.number().int().min(-1).optional()),
  snapshot: z.enum(["true", "false"]).optional(),
});
const CancelQuery = z.object({ wait: z.enum(["true", "false"]).optional() });
const CancelBody = z.object({ reason: z.string().max(1000).optional() }).nullish();

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
const RunPage = z.object({
  object: z.literal("list"),
  data: z.array(RunView),
  next_cursor: z.string().nullable(),
});

/** The runs of an agent: list, look at, watch, cancel. */
export function runRoutes(agent: () => string, { runs, streams, disconnects }: ServerContext): Route[] {
  const find = (request: FastifyRequest): Promise<RunRecord> =>
    runs().get(agent(), (request.params as { id: string }).id, callerOf(request));

  return [
    route({
      method: "GET",
      path: "/runs",
      summary: "List runs, the newest first",
      query: ListQuery,
      response: RunPage,
      handle: async ({ query: { session_id, user_id, status, limit, cursor }, request }) => {
        const filter = { agent: agent(), sessionId: session_id, userId: user_id, status, limit, cursor };
        const { items, nextCursor = null } = await runs().list(filter, callerOf(request));
        return { object: "list", data: items.map(toRunView), next_cursor: nextCursor };
      },
    }),
    route({
      method: "GET",
      path: "/runs/:id",
      summary: "Look at a run; an ended one shows its response",
      response: RunView.extend({ response: AgentResponse.nullable() }),
      handle: async ({ request }) => {
        const run = await find(request);
        const response = run.completedAt === undefined ? null : await runs().result(run.id);
        return { ...toRunView(run), response };
      },
    }),
    route({
      method: "GET",
      path: "/runs/:id/events",
      summary:
        "Replay and follow the events of a run; with snapshot, the messages so far as one event, then what follows",
      query: EventsQuery,
      streams: true,
      headers: {
        "Last-Event-ID":
          "The number of the last event that is known already; counts more than `after` and `snapshot`.",
      },
      statuses: { 204: "Nothing is to come: the run has ended, and its last event is known already." },
      handle: async ({ query, request, reply }) => {
        const run = await find(request);
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
      query: CancelQuery,
      body: CancelBody,
      response: RunView,
      statuses: { 202: "The run is being canceled." },
      handle: async ({ query, body, request, reply }) => {
        const { id } = await find(request);
        const run = await runs().cancel(id, { reason: body?.reason ?? "The run was canceled." });
        if (query.wait !== "true") return accepted(run, reply);
        const ended = await streams.wait(reply, (signal) => runs().result(id, signal));
        return ended === undefined ? reply : toRunView(await find(request));
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
}: RunRecord): RunView {
  return {
    object: "run",
    id,
    agent: session.agent,
    session_id: session.sessionId,
    user_id: session.userId,
    status,
    created_at: toSeconds(createdAt),
    started_at: startedAt === undefined ? null : toSeconds(startedAt),
    completed_at: completedAt === undefined ? null : toSeconds(completedAt),
    last_sequence_number: lastSeq,
    cancel_reason: cancel?.reason ?? null,
  };
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
