import { createHash } from "node:crypto";

/** An id for the session of responses of which each names the one before, and that nobody else knows by name. */
export function newChainId(): string {
  return `${CHAIN}${crypto.randomUUID()}`;
}

/** The id of the branch that a request with this key makes, however often it is sent. */
export function branchId(...request: readonly string[]): string {
  return `${CHAIN}${createHash("sha256").update(JSON.stringify(request)).digest("base64url")}`;
}

/** True for the id of such a session. */
export function isChainId(id: string): boolean {
  return id.startsWith(CHAIN);
}

const CHAIN = "chain_";
