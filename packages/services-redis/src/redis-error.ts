import { RuntimeError } from "@agentscope-runtime/core";

/** What a script answered, Redis refused or the network did, as an error of the catalogue with that as its cause. */
export function toRuntimeError(error: unknown): RuntimeError {
  if (RuntimeError.is(error)) return error;
  if (!(error instanceof Error) || error.name !== "ReplyError") return unavailable(error);
  const [word = ""] = error.message.split(" ");
  switch (word) {
    case "FENCED":
      return new RuntimeError("FENCED", "A later run of the session has taken over: this one may not write.");
    case "SESSION_EXISTS":
      return new RuntimeError("SESSION_EXISTS", "There is a session of that id already.");
    case "RESOURCE_NOT_FOUND":
      return new RuntimeError("RESOURCE_NOT_FOUND", "There is no such session.");
  }
  return PASSING.has(word)
    ? unavailable(error)
    : new RuntimeError("REDIS_ERROR", "Redis failed.", { cause: error });
}

/** True for Redis' answer that it does not know a script. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
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
