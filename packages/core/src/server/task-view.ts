import { AgentError } from "@agentscope-runtime/agent-api";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Task, TaskStatus } from "../contracts/task-queue.ts";
import { replayedHeader } from "./idempotency.ts";
import { type PageView, pageOf } from "./page-view.ts";
import { toSeconds, toSecondsOrNull } from "./to-seconds.ts";

/** The words that existing clients know, and `canceled`. */
export const WireTaskStatus: z.ZodType<WireTaskStatus> = z.enum([
  "pending",
  "running",
  "finished",
  "error",
  "canceled",
]);
export type WireTaskStatus = "pending" | "running" | "finished" | "error" | "canceled";

/** A task over HTTP. Times are Unix seconds. */
export interface TaskView {
  readonly object: "task";
  readonly task_id: string;
  readonly status: WireTaskStatus;
  /** What came of it; `null` while nothing has, and in lists. */
  readonly result: unknown;
  readonly error: AgentError | null;
  readonly attempt: number;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly completed_at: number | null;
  readonly cancel_reason: string | null;
}
export const TaskView: z.ZodType<TaskView> = z.object({
  object: z.literal("task"),
  task_id: z.string(),
  status: WireTaskStatus,
  result: z.unknown(),
  error: AgentError.nullable(),
  attempt: z.int(),
  created_at: z.int(),
  started_at: z.int().nullable(),
  completed_at: z.int().nullable(),
  cancel_reason: z.string().nullable(),
});

export const TaskPage: z.ZodType<PageView<TaskView>> = pageOf(TaskView);

/** The answer to a submission. */
export interface SubmittedTask {
  readonly task_id: string;
  readonly status: "submitted";
  readonly message: string;
  /** Where to ask for the task; in the `Location` header as well. */
  readonly url: string;
}
export const SubmittedTask: z.ZodType<SubmittedTask> = z.object({
  task_id: z.string(),
  status: z.literal("submitted"),
  message: z.string(),
  url: z.string(),
});

/** Describes the headers of that answer. */
export const submissionHeaders: Readonly<Record<string, string>> = {
  Location: "Where to ask for the task.",
  ...replayedHeader,
};

/** The answer to a submission, with its status and headers set. */
export function submittedTask(
  id: string,
  replayed: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): SubmittedTask {
  const path = request.url.replace(/[?#].*/s, "");
  const url = `${path}/${encodeURIComponent(id.toWellFormed())}`;
  reply.code(replayed ? 200 : 202).header("location", url);
  if (replayed) reply.header("idempotent-replayed", "true");
  return { task_id: id, status: "submitted", message: `The task ${id} was submitted.`, url };
}

export function toTaskView(task: Task): TaskView {
  return {
    object: "task",
    task_id: task.id,
    status: WIRE_STATUS[task.status],
    result: task.result ?? null,
    error: task.error ?? null,
    attempt: task.attempt,
    created_at: toSeconds(task.createdAt),
    started_at: toSecondsOrNull(task.startedAt),
    completed_at: toSecondsOrNull(task.completedAt),
    cancel_reason: task.cancel?.reason ?? null,
  };
}

export function fromWireStatus(status: WireTaskStatus | undefined): TaskStatus | undefined {
  return TASK_STATUSES.find((candidate) => WIRE_STATUS[candidate] === status);
}

const WIRE_STATUS: Readonly<Record<TaskStatus, WireTaskStatus>> = {
  waiting: "pending",
  active: "running",
  completed: "finished",
  failed: "error",
  canceled: "canceled",
};
const TASK_STATUSES = Object.keys(WIRE_STATUS) as TaskStatus[];
