import { AgentError, AgentRequest, AgentResponse, type Status } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import type { RunRecord } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { HostedAgent } from "../runs/hosted-agent.ts";
import { callerOf } from "./authentication.ts";
import { idempotencyHeader, idempotencyOf } from "./idempotency.ts";
import { type Route, route } from "./route.ts";
import type { ServerContext } from "./server-context.ts";
import { SubmittedTask, submissionHeaders, submittedTask, WireTaskStatus } from "./task-view.ts";
import { toSeconds, toSecondsOrNull } from "./to-seconds.ts";
import { IdParams } from "./wire-id.ts";

/** A run as a task. `result` is its response once it has ended, whatever its status. */
const RunTaskView = z.object({
  object: z.literal("task"),
  task_id: z.string(),
  status: WireTaskStatus,
  result: AgentResponse.nullable(),
  error: AgentError.nullable(),
  created_at: z.int(),
  started_at: z.int().nullable(),
  completed_at: z.int().nullable(),
  cancel_reason: z.string().nullable(),
});
type RunTaskView = z.infer<typeof RunTaskView>;

/**
 * `POST /process/task` and `GET /process/task/:id`: an ordinary run, whose id is the task's, for those who don't want
 * to hold a stream. It is as durable as the run store, can be watched under `/runs/:id/events` and canceled under
 * `/runs/:id/cancel`.
 */
export function processTaskRoutes(agent: () => HostedAgent, { runs }: ServerContext): Route[] {
  return [
    route({
      method: "POST",
      path: "/process/task",
      summary: "Run the agent as a task",
      body: AgentRequest,
      response: SubmittedTask,
      headers: idempotencyHeader("run that it started"),
      answerHeaders: submissionHeaders,
      refusals: [404, 409, 410, 422, 429, 503],
      statuses: { 200: "The run was started before.", 202: "The run was started." },
      handle: async ({ body, request, reply }) => {
        const options = { caller: callerOf(request), idempotency: idempotencyOf(request) };
        const { run, replayed } = await runs().start(agent(), body, options);
        return submittedTask(run.id, replayed, request, reply);
      },
    }),
    route({
      method: "GET",
      path: "/process/task/:id",
      summary: "Look at a run that is a task; an ended one shows its response",
      params: IdParams,
      response: RunTaskView,
      refusals: [410],
      handle: async ({ params: { id }, request }) => {
        const run = await runs().get(agent().name, id, callerOf(request)).catch(asTask);
        return toRunTaskView(run, run.completedAt === undefined ? undefined : await runs().result(run.id));
      },
    }),
  ];
}

function asTask(error: unknown): never {
  if (!RuntimeError.is(error) || error.code !== "RESOURCE_NOT_FOUND") throw error;
  throw new RuntimeError("TASK_NOT_FOUND", error.message, { cause: error });
}

function toRunTaskView(
  { id, status, createdAt, startedAt, completedAt, cancel }: RunRecord,
  response: AgentResponse | undefined,
): RunTaskView {
  return {
    object: "task",
    task_id: id,
    status: WIRE_STATUS[status],
    result: response ?? null,
    error: status === "canceled" ? null : (response?.error ?? null),
    created_at: toSeconds(createdAt),
    started_at: toSecondsOrNull(startedAt),
    completed_at: toSecondsOrNull(completedAt),
    cancel_reason: cancel?.reason ?? null,
  };
}

const WIRE_STATUS: Readonly<Record<Status, WireTaskStatus>> = {
  created: "pending",
  queued: "pending",
  in_progress: "running",
  completed: "finished",
  incomplete: "finished",
  failed: "error",
  rejected: "error",
  canceled: "canceled",
  unknown: "pending",
};
