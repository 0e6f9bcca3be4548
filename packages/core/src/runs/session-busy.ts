import type { RunSession } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

export function sessionBusy({ sessionId }: RunSession): RuntimeError {
  return new RuntimeError("SESSION_BUSY", `The session ${sessionId} has a run that has not ended.`);
}
