import { RuntimeError } from "../errors/runtime-error.ts";

/** Throws `ACCESS_DENIED` where a caller with an id names somebody else. */
export function assertSelf(named: string | undefined, userId: string): void {
  if (named === undefined || named === userId) return;
  throw new RuntimeError("ACCESS_DENIED", "user_id names somebody else than the credentials do.");
}
