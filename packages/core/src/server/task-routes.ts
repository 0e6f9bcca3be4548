import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Task, TaskKey, TaskQueue, TaskRecord } from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { shuttingDown } from "../errors/shutting-down.ts";
import { taskName } from "../tasks/app-tasks.ts";
import type { TaskDefinition } from "../tasks/task-definition.ts";
import { callerOf } from "./authentication.ts";
import { idempotencyHeader, idempotencyOf } from "./idempotency.ts";
import { pageQuery, toPageView } from "./page-view.ts";
import { type Route, route } from "./route.ts";
import type { ServerContext } from "./server-context.ts";
import {
  fromWireStatus,
  SubmittedTask,
  submissionHeaders,
  submittedTask,
  TaskPage,
  TaskView,
  toTaskView,
  WireTaskStatus,
} from "./task-view.ts";
import { CancelBody, WaitQuery } from "./wait-query.ts";
import { IdParams } from "./wire-id.ts";

const ListQuery = z.object({ status: WireTaskStatus.optional(), ...pageQuery });

export interface TaskSource {
  /** The name of the app where it is served. */
  readonly app: () => string;
  readonly queue: () => TaskQueue;
  /** True while tasks are taken on. */
  readonly accepting: () => boolean;
}

/** The routes of one kind of task: submit, list, look at, cancel. */
export function taskRoutes(
  { path, summary, body, attempts, backoff, maxDelay }: TaskDefinition,
  { app, queue, accepting }: TaskSource,
  { streams }: ServerContext,
): Route[] {
  const name = () => taskName(app(), path);
  const SubmitQuery = z.object({ delay: z.coerce.number().int().min(0).max(maxDelay).default(0) });

  const find = async (id: string, request: FastifyRequest): Promise<Task> => {
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
      headers: idempotencyHeader("task that it submitted"),
      answerHeaders: submissionHeaders,
      refusals: [409, 429, 503],
      statuses: { 200: "The task was submitted before.", 202: "The task was submitted." },
      handle: async ({ query: { delay }, request, reply }) => {
        if (!accepting()) throw shuttingDown();
        const { userId } = callerOf(request);
        const { key, fingerprint } = idempotencyOf(request, delay || undefined) ?? {};
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
        return toPageView(await queue().list(options), toTaskView);
      },
    }),
    route({
      method: "GET",
      path: `${path}/:id`,
      summary: "Look at a task; a finished one shows its result",
      params: IdParams,
      query: WaitQuery,
      refusals: [503],
      response: TaskView,
      handle: async ({ params: { id }, query, request, reply }) => {
        if (query.wait === "true") streams.assertRoom();
        const task = await find(id, request);
        if (query.wait !== "true" || task.completedAt !== undefined) return toTaskView(task);
        const ended = await streams.wait(reply, (signal) => queue().settled(keyOf(task), signal));
        return ended === undefined ? reply : toTaskView(ended);
      },
    }),
    route({
      method: "POST",
      path: `${path}/:id/cancel`,
      summary: "Cancel a task; an ended one stays as it is",
      params: IdParams,
      query: WaitQuery,
      refusals: [503],
      body: CancelBody,
      response: TaskView,
      statuses: { 202: "The task is being canceled." },
      handle: async ({ params: { id }, query, body: cancel, request, reply }) => {
        if (query.wait === "true") streams.assertRoom();
        const key = keyOf(await find(id, request));
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
