import { setTimeout as sleep } from "node:timers/promises";
import { type AgentError, errorStatus } from "@agentscope-runtime/agent-api";
import type { Logger } from "../contracts/logger.ts";
import type { TaskAttempt, TaskWork } from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { toTaskJson } from "./task-json.ts";

export interface AttemptOptions {
  /** Aborts when the task is canceled or the worker has to close. */
  readonly signal: AbortSignal;
  readonly timeout: number;
  readonly abortGrace: number;
  /** How many characters of JSON a result may have. */
  readonly maxResultLength: number;
  readonly log: Logger | undefined;
}

/** How an attempt ended. `final` failures are followed by no other attempt; `aborted` is by the signal of the options. */
export type AttemptEnd =
  | { readonly kind: "completed"; readonly json: string }
  | { readonly kind: "failed"; readonly error: AgentError; readonly final: boolean }
  | { readonly kind: "aborted" };

/**
 * Makes one attempt at a task, as every `TaskQueue` has to: with a bound of time, with a result that is JSON, and with
 * nothing of an unknown error for clients to see. Never rejects, and never waits longer than `timeout` and `abortGrace`.
 */
export async function attemptTask(
  work: TaskWork,
  attempt: Omit<TaskAttempt, "signal">,
  { signal, timeout, abortGrace, maxResultLength, log }: AttemptOptions,
): Promise<AttemptEnd> {
  if (signal.aborted) return { kind: "aborted" };
  const bindings = { task: attempt.name, task_id: attempt.id, attempt: attempt.attempt };
  const stop = new AbortController();
  const late = new RuntimeError("TIMEOUT", `The task took longer than ${timeout} ms.`);
  const timer = setTimeout(() => stop.abort(late), timeout);
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const settled = settle(work, { ...attempt, signal: stop.signal }, maxResultLength);
  const end = await Promise.race([settled, graceAfter(stop.signal, abortGrace, settled)]);
  clearTimeout(timer);
  signal.removeEventListener("abort", onAbort);

  if (end === undefined) {
    report(() => log?.warn(bindings, "the task's handler has not returned: it is given up"));
  }
  if (stop.signal.reason === late) {
    report(() => log?.error({ ...bindings, err: late }, "the task took too long"));
    return { kind: "failed", error: late.toAgentError(), final: false };
  }
  if (end?.kind === "completed") return end;
  if (end === undefined || stop.signal.aborted) return { kind: "aborted" };
  report(() => log?.error({ ...bindings, err: end.thrown }, "the task failed"));
  return toFailure(end, attempt.id);
}

type Settled = { readonly kind: "completed"; readonly json: string } | Thrown;

interface Thrown {
  readonly kind: "thrown";
  readonly thrown: unknown;
  /** True where the handler has returned, but with what can't be a result. */
  readonly badResult: boolean;
}

async function settle(work: TaskWork, attempt: TaskAttempt, maxLength: number): Promise<Settled> {
  let result: unknown;
  try {
    result = await work(attempt);
  } catch (thrown) {
    return { kind: "thrown", thrown, badResult: false };
  }
  try {
    const codes = { invalid: "RESPONSE_ERROR", tooLarge: "RESPONSE_ERROR" } as const;
    return {
      kind: "completed",
      json: toTaskJson(result, { what: "The task's result", maxLength, ...codes }),
    };
  } catch (thrown) {
    return { kind: "thrown", thrown, badResult: true };
  }
}

function toFailure({ thrown, badResult }: Thrown, taskId: string): AttemptEnd {
  try {
    if (RuntimeError.is(thrown)) {
      const { code, message } = thrown;
      const final = badResult || blamesRequest(thrown);
      return { kind: "failed", error: { code, message: String(message) }, final };
    }
  } catch {
    // Whoever throws a proxy, or an error whose properties throw, learns no more than others.
  }
  const message = `The task failed. The server's log has more about task ${taskId}.`;
  return { kind: "failed", error: { code: "INTERNAL_ERROR", message }, final: badResult };
}

/** A log that can't write down what was thrown shall not take the process along. */
function report(write: () => void): void {
  try {
    write();
  } catch {
    // There is no other place to say it.
  }
}

/** Resolves some time after the signal has aborted, unless what that waits for has settled before. */
async function graceAfter(signal: AbortSignal, grace: number, settled: Promise<unknown>): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (!signal.aborted) await promise;
  const over = new AbortController();
  settled.then(() => over.abort());
  await sleep(grace, undefined, { signal: over.signal }).catch(() => undefined);
  return undefined;
}

/** Whether another attempt would only be refused again. */
function blamesRequest({ code }: RuntimeError): boolean {
  const status = errorStatus[code];
  return status >= 400 && status < 500 && status !== 422 && status !== 429;
}
