import type { SessionKey } from "../contracts/session-key.ts";

/** A string that is the same for one user with one agent only, whatever characters their names hold. */
export function ownerText({ agent, userId }: Pick<SessionKey, "agent" | "userId">): string {
  return JSON.stringify([agent ?? null, userId]);
}
