/** An id for the session of responses of which each names the one before, and that nobody else knows by name. */
export function newChainId(): string {
  return `${CHAIN}${crypto.randomUUID()}`;
}

/** True for the id of such a session. */
export function isChainId(id: string): boolean {
  return id.startsWith(CHAIN);
}

const CHAIN = "chain_";
