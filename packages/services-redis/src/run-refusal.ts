import { RuntimeError } from "@agentscope-runtime/core";

/** What a refusal is about. */
export interface RunSubject {
  readonly runId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly maxQueued?: number | undefined;
  /** The run that was to be continued. */
  readonly continues?: string | undefined;
}

/** The error that stands for the word with which a script about runs refused. */
export function runRefusal(
  word: string,
  { runId, sessionId, maxQueued, continues }: RunSubject,
): RuntimeError {
  switch (word) {
    case "RESOURCE_NOT_FOUND":
      return new RuntimeError("RESOURCE_NOT_FOUND", `There is no run ${runId}.`);
    case "EXPIRED":
      return new RuntimeError("RUN_EXPIRED", `The events of run ${runId} are no longer kept.`);
    case "TAKEN":
      return fenced(`The run ${runId} was taken over: it belongs to another owner now.`);
    case "CLAIMED":
      return fenced(`The run ${runId} has an owner already.`);
    case "ENDED":
      return fenced(`The run ${runId} has ended.`);
    case "GAP":
      return fenced(`The events do not follow the last one of run ${runId}.`);
    case "LEFT":
      return fenced(`The run ${runId} has left its session's line.`);
    case "MISMATCH":
      return new RuntimeError(
        "IDEMPOTENCY_MISMATCH",
        "The Idempotency-Key was used with another request body.",
      );
    case "CONFLICT":
      return new RuntimeError("RUN_ID_CONFLICT", `The id ${runId} was used by another run.`);
    case "ANSWERED":
      return new RuntimeError(
        "RUN_ANSWERED",
        `The run ${continues} was answered already, and is continued once.`,
      );
    case "BUSY":
      return new RuntimeError("SESSION_BUSY", `The session ${sessionId} has a run that has not ended.`);
    case "FULL": {
      const message = `${maxQueued} runs of the session ${sessionId} are waiting already: try again later.`;
      return new RuntimeError("QUEUE_FULL", message, { retryAfter: 5 });
    }
    default:
      return new RuntimeError("REDIS_ERROR", `Redis answered ${word}, which nobody understands.`);
  }
}

function fenced(message: string): RuntimeError {
  return new RuntimeError("FENCED", message);
}
