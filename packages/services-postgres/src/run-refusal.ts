import { RuntimeError } from "@agentscope-runtime/core";

/** What the functions of the schema call the reasons why they did nothing. */
export type RunRefusal = keyof typeof MESSAGES | "full";

/** The error that tells a caller of such a reason. */
export function runRefusal(reason: RunRefusal, runId: string): RuntimeError {
  if (reason === "full") {
    const message = "Too many runs of the session are waiting already: try again later.";
    return new RuntimeError("QUEUE_FULL", message, { retryAfter: 5 });
  }
  const [code, message] = MESSAGES[reason];
  return new RuntimeError(code, message(runId));
}

const MESSAGES = {
  missing: ["RESOURCE_NOT_FOUND", (id: string) => `There is no run ${id}.`],
  expired: ["RUN_EXPIRED", (id: string) => `The events of run ${id} are no longer kept.`],
  conflict: ["RUN_ID_CONFLICT", (id: string) => `The id ${id} was used by another run.`],
  answered: ["RUN_ANSWERED", (id: string) => `The run ${id} was answered already, and is continued once.`],
  mismatch: ["IDEMPOTENCY_MISMATCH", () => "The Idempotency-Key was used with another request body."],
  busy: ["SESSION_BUSY", () => "The session has a run that has not ended."],
  taken: ["FENCED", (id: string) => `The run ${id} was taken over: it belongs to another owner now.`],
  owned: ["FENCED", (id: string) => `The run ${id} has an owner already.`],
  left: ["FENCED", (id: string) => `The run ${id} has left its session's line.`],
  ended: ["FENCED", (id: string) => `The run ${id} has ended.`],
  gap: ["FENCED", (id: string) => `What was to be written of run ${id} does not follow its last event.`],
} as const;
