import type { z } from "zod";
import type { Logger } from "../contracts/logger.ts";
import type { Backoff } from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { Caller } from "../runs/runs.ts";
import { resolveTask } from "./resolved-task.ts";
import { workLimits } from "./work-limits.ts";

export interface TaskOptions<Body extends z.ZodType> {
  readonly summary?: string | undefined;
  /** What the body must be. Without it the handler gets the body as it came. It is applied anew for each attempt. */
  readonly body?: Body | undefined;
  /** How many of these tasks this process works on at once. Defaults to 10. */
  readonly concurrency?: number | undefined;
  /**
   * How long an attempt may take, in milliseconds; then its signal aborts, and it has failed. If it has not returned by the
   * `runs.cancelGrace` of the app, nobody waits for it any more. Defaults to 15 minutes.
   */
  readonly timeout?: number | undefined;
  /** How often a task that fails is tried. Defaults to 1. */
  readonly attempts?: number | undefined;
  readonly backoff?: Backoff | undefined;
  /** How long a client may have the task wait by `?delay=`, in milliseconds. Defaults to one hour. */
  readonly maxDelay?: number | undefined;
}

/** What the handler of a task gets for one attempt. */
export interface TaskContext<Body, Resources> {
  /** The task's id. */
  readonly id: string;
  readonly body: Body;
  /** Who submitted the task. */
  readonly caller: Caller;
  /** 1 for the first. */
  readonly attempt: number;
  /** What `init` returned. */
  readonly resources: Resources;
  /** Aborts when the attempt takes too long, the task is canceled, or the server shuts down. */
  readonly signal: AbortSignal;
  /** Logs with the ids of task and attempt. */
  readonly log: Logger;
}

/**
 * Works on a task; what it resolves to is the result, which has to be JSON. It may be called more than once for a task:
 * after a failure, and where a process went down in the middle of it.
 */
export type TaskHandler<Body, Resources> = (context: TaskContext<Body, Resources>) => unknown;

/** A task as its app keeps it. */
export interface TaskDefinition extends Omit<TaskOptions<z.ZodType>, "summary"> {
  readonly path: string;
  readonly summary: string;
  readonly maxDelay: number;
  readonly handle: TaskHandler<unknown, unknown>;
}

/** The definition of a task; its handler is only ever called with what its schema lets through. */
export function toTask<Body extends z.ZodType, Resources>(
  path: string,
  { summary = `Submit a task to ${path}`, maxDelay = 3_600_000, ...options }: TaskOptions<Body>,
  handler: TaskHandler<z.output<Body>, Resources>,
): TaskDefinition {
  if (!/^(\/[\w.~-]+)+$/.test(path)) {
    const message = `${JSON.stringify(path)} can't be the path of a task: it begins with "/" and has no parameters.`;
    throw new RuntimeError("CONFIGURATION_ERROR", message);
  }
  const { attempts, backoff, concurrency, timeout } = options;
  workLimits({ concurrency, timeout });
  try {
    resolveTask({ name: path, id: "", attempts, backoff, delay: maxDelay }, 0);
  } catch (cause) {
    throw new RuntimeError("CONFIGURATION_ERROR", (cause as Error).message, { cause });
  }
  const handle = handler as TaskHandler<unknown, unknown>;
  return { ...options, path, summary, maxDelay, handle };
}
