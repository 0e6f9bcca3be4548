import { RuntimeError } from "@agentscope-runtime/core";

/** What Redis refused or the network did, as an error of the catalogue with that as its cause. */
export function toRuntimeError(error: unknown): RuntimeError {
  if (RuntimeError.is(error)) return error;
  if (!(error instanceof Error) || error.name !== "ReplyError") return unavailable(error);
  const [word = ""] = error.message.split(" ");
  return PASSING.has(word)
    ? unavailable(error)
    : new RuntimeError("REDIS_ERROR", "Redis failed.", { cause: error });
}

export function unavailable(cause: unknown): RuntimeError {
  return new RuntimeError("SERVICE_UNAVAILABLE", "Redis does not answer: try again later.", {
    cause,
    retryAfter: 1,
  });
}

// Redis is there but can't serve: it loads its data, has become a replica, its disk or memory is full …
const PASSING: ReadonlySet<string> = new Set([
  "LOADING",
  "READONLY",
  "MASTERDOWN",
  "NOREPLICAS",
  "MISCONF",
  "OOM",
  "BUSY",
]);
