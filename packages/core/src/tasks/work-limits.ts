import type { WorkOptions } from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { MAX_DELAY } from "./resolved-task.ts";

export interface WorkLimits {
  readonly concurrency: number;
  readonly timeout: number;
  readonly abortGrace: number;
  readonly log: WorkOptions["log"];
}

/** The options with their defaults; throws `CONFIGURATION_ERROR` for what can't be. */
export function workLimits({
  concurrency = 10,
  timeout = 900_000,
  abortGrace = 800,
  log,
}: WorkOptions): WorkLimits {
  assertWhole("concurrency", concurrency, 1);
  assertWhole("timeout", timeout, 1);
  assertWhole("abortGrace", abortGrace, 0);
  return { concurrency, timeout, abortGrace, log };
}

function assertWhole(name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min && value <= MAX_DELAY) return;
  throw new RuntimeError(
    "CONFIGURATION_ERROR",
    `${name} of a task's worker is a whole number from ${min} to ${MAX_DELAY}.`,
  );
}
