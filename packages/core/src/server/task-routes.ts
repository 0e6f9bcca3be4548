import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Task, TaskKey, TaskQueue, TaskRecord } from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { shuttingDown } from "../errors/shutting-down.ts";
import { taskName } from "../tasks/app-tasks.ts";
import { MAX_DELAY } from "../tasks/resolved-task.ts";
import type { TaskDefinition } from "../tasks/task-definition.ts";
import { callerOf } from "./authentication.ts";
import { idempotencyOf } from "./idempotency.ts";
import { type Route, route } from "./route.ts";
import type { ServerContext } from "./server-context.ts";
import {
  fromWireStatus,
  SubmittedTask,
  submittedTask,
  TaskPage,
  TaskView,
  toTaskView,
  WireTaskStatus,
} from "./task-view.ts";

const SubmitQuery = z.object({ delay: z.coerce.number().int().min(0).max(MAX_DELAY).optional() });
const ListQuery = z.object({
  status: WireTaskStatus.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  cursor: z.string().optional(),
});
const WaitQuery = z.object({ wait: z.enum(["true", "false"]).optional() });
const CancelBody = z.object({ reason: z.string().max(1000).optional() }).nullish();

export interface TaskSource {
  /** The name of the app where it is served. */
  readonly app: () => string;
  readonly queue: () => TaskQueue;
  /** True while tasks are taken on. */
  readonly accepting: () => boolean;
}

/** The routes of one kind of task: submit, list, look at, cancel. */
export function taskRoutes(
  { path, summary, body, attempts, backoff }: TaskDefinition,
  { app, queue, accepting }: TaskSource,
  { streams }: ServerContext,
): Route[] {
  const name = () => taskName(app(), path);

  const find = async (request: FastifyRequest): Promise<Task> => {
    const { id } = request.params as { id: string };
    const task = await queue().get({ name: name(), id });
    const { userId } = callerOf(request);
    if (task !== undefined && (userId === undefined || task.userId === userId)) return task;
    throw new RuntimeError("TASK_NOT_FOUND", `There is no task ${id}.`);
  };

  return [
    route({
      method: "POST",
      path,
      summary,
      query: SubmitQuery,
      body,
      response: SubmittedTask,
      headers: {
        "Idempotency-Key":
          "Has the same request, sent again, answered with the task that it submitted: 1 to 255 characters.",
      },
      statuses: { 200: "The task was submitted before.", 202: "The task was submitted." },
      handle: async ({ query: { delay }, request, reply }) => {
        if (!accepting()) throw shuttingDown();
        const { userId } = callerOf(request);
        const { key, fingerprint } = idempotencyOf(request) ?? {};
        const id = `task_${key === undefined ? crypto.randomUUID() : hash([userId ?? null, key])}`;
        // As it came: the handler gets it through the schema again.
        const task = { name: name(), id, input: request.body, userId, fingerprint, delay, attempts, backoff };
        const { replayed } = await queue().enqueue(task);
        return submittedTask(id, replayed, request, reply);
      },
    }),
    route({
      method: "GET",
      path,
      summary: `List the tasks of ${path}, the newest first`,
      query: ListQuery,
      response: TaskPage,
      handle: async ({ query: { status, limit, cursor }, request }) => {
        const { userId } = callerOf(request);
        const options = { name: name(), userId, status: fromWireStatus(status), limit, cursor };
        const { items, nextCursor = null } = await queue().list(options);
        return { object: "list", data: items.map(toTaskView), next_cursor: nextCursor };
      },
    }),
    route({
      method: "GET",
      path: `${path}/:id`,
      summary: "Look at a task; a finished one shows its result",
      query: WaitQuery,
      response: TaskView,
      handle: async ({ query, request, reply }) => {
        if (query.wait === "true") streams.assertRoom();
        const task = await find(request);
        if (query.wait !== "true" || task.completedAt !== undefined) return toTaskView(task);
        const ended = await streams.wait(reply, (signal) => queue().settled(keyOf(task), signal));
        return ended === undefined ? reply : toTaskView(ended);
      },
    }),
    route({
      method: "POST",
      path: `${path}/:id/cancel`,
      summary: "Cancel a task; an ended one stays as it is",
      query: WaitQuery,
      body: CancelBody,
      response: TaskView,
      statuses: { 202: "The task is being canceled." },
      handle: async ({ query, body: cancel, request, reply }) => {
        if (query.wait === "true") streams.assertRoom();
        const key = keyOf(await find(request));
        const task = await queue().cancel(key, { reason: cancel?.reason ?? "The task was canceled." });
        if (query.wait !== "true") {
          reply.code(task.completedAt === undefined ? 202 : 200);
          return toTaskView(task);
        }
        const ended = await streams.wait(reply, (signal) => queue().settled(key, signal));
        return ended === undefined ? reply : toTaskView(ended);
      },
    }),
  ];
}

function keyOf({ name, id }: TaskRecord): TaskKey {
  return { name, id };
}

/** Gives each caller's keys ids of their own, which tell nothing of them. */
function hash(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
