import { RuntimeError } from "@agentscope-runtime/core";

/** The SQLSTATE that the functions of the schema raise for a run that was superseded. */
export const FENCED = "RT409";

/** The error of the driver or the server as callers get it. */
export function toRuntimeError(error: unknown): RuntimeError {
  if (RuntimeError.is(error)) return error;
  const state = sqlState(error);
  if (state === FENCED) {
    return new RuntimeError("FENCED", "A later run of the session has taken over: this one may not write.");
  }
  if (state === undefined || UNAVAILABLE.test(state)) {
    return new RuntimeError("SERVICE_UNAVAILABLE", "The database can't be reached, or does not answer.", {
      cause: error,
      retryAfter: 1,
    });
  }
  if (MISCONFIGURED.test(state)) {
    return new RuntimeError(
      "CONFIGURATION_ERROR",
      "The database refuses this user or what it is asked for.",
      {
        cause: error,
      },
    );
  }
  return new RuntimeError("DATABASE_ERROR", "The database failed.", { cause: error });
}

/**
 * Lost connections, read-only standbys, conflicts, too few resources, timeouts, shutdowns: all that may be gone the next
 * time.
 */
const UNAVAILABLE = /^(08|40|53|57)|^25006$|^55P03$/;
/** Wrong credentials, no such database, no rights, a reserved name. */
const MISCONFIGURED = /^(28|3D)|^42501$|^42939$/;

/** The server's code for what went wrong; `undefined` where the server said nothing, as when it can't be reached. */
function sqlState(error: unknown): string | undefined {
  const isServers = error instanceof Error && "severity" in error && "code" in error;
  return isServers && typeof error.code === "string" ? error.code : undefined;
}
