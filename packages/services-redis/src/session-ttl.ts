import { RuntimeError } from "@agentscope-runtime/core";

/** A time to live as scripts take it: milliseconds, or the empty string for ever. */
export function ttlArgument(sessionTtl: number | undefined): string {
  if (sessionTtl === undefined) return "";
  if (Number.isSafeInteger(sessionTtl) && sessionTtl > 0) return `${sessionTtl}`;
  throw new RuntimeError("CONFIGURATION_ERROR", "sessionTtl is a whole number of milliseconds from 1.");
}
