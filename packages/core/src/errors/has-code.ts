import type { ErrorCode } from "@agentscope-runtime/agent-api";
import { RuntimeError } from "./runtime-error.ts";

/** True for a runtime error of one of these codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is RuntimeError {
  return RuntimeError.is(error) && codes.includes(error.code);
}
