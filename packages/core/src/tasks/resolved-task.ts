import type { Backoff, NewTask } from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { toTaskJson } from "./task-json.ts";

/** A task to add, its input as text and its numbers settled. */
export interface ResolvedTask extends Omit<NewTask, "input"> {
  /** Absent where there is no input. */
  readonly inputJson: string | undefined;
  readonly delay: number;
  readonly attempts: number;
  readonly backoff: Backoff;
}

/** Checks a task; throws `INVALID_PARAMETER` and `PAYLOAD_TOO_LARGE` as `TaskQueue.enqueue` says. */
export function resolveTask(task: NewTask, maxInputLength: number): ResolvedTask {
  const { input, delay = 0, attempts = 1, backoff = {}, ...rest } = task;
  assertWhole("delay", delay, 0, MAX_DELAY);
  assertWhole("attempts", attempts, 1, MAX_ATTEMPTS);
  assertWhole("backoff.delay", backoff.delay ?? 0, 0, MAX_DELAY);
  assertWhole("backoff.maxDelay", backoff.maxDelay ?? 0, 0, MAX_DELAY);
  const options = {
    what: "The task's input",
    maxLength: maxInputLength,
    invalid: "INVALID_PARAMETER",
    tooLarge: "PAYLOAD_TOO_LARGE",
  } as const;
  const inputJson = input === undefined ? undefined : toTaskJson(input, options);
  return { ...rest, inputJson, delay, attempts, backoff };
}

/** The longest that a timer of Node's can wait, in milliseconds. */
export const MAX_DELAY: number = 2 ** 31 - 1;

const MAX_ATTEMPTS = 1000;

function assertWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RuntimeError("INVALID_PARAMETER", `A task's ${name} is a whole number from ${min} to ${max}.`);
}
