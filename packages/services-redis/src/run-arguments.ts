import type { ListRunsOptions, LogSegment, RunLease, RunSession } from "@agentscope-runtime/core";

/** An id as scripts take it: as JSON, in which a lone surrogate survives the way to Redis and back. */
export function idText(id: string): string {
  return JSON.stringify(id);
}

/** A lease as scripts take it. */
export function leaseArguments({ runId, owner, epoch }: RunLease): string[] {
  return [idText(runId), idText(owner), `${epoch}`];
}

/** A session as scripts take it. */
export function sessionArguments({ agent, userId, sessionId }: RunSession): string[] {
  return [agent, userId, sessionId].map(idText);
}

/** A segment as scripts take it. */
export function segmentArguments({ first, last, text }: LogSegment): string[] {
  return [`${first}`, `${last}`, text];
}

/** Whole milliseconds or a number of runs as scripts take it; the empty string where there is no bound. */
export function boundArgument(bound: number): string {
  return Number.isFinite(bound) ? `${Math.ceil(bound)}` : "";
}

/** The narrowest of the store's lists that holds all runs asked for. */
export function listArgument({ agent, userId, sessionId, status }: ListRunsOptions): string {
  const [of, user, session] = [agent, userId ?? "", sessionId ?? ""].map(idText);
  if (userId !== undefined && sessionId !== undefined) return `session:${of},${user},${session}`;
  if (userId !== undefined) return `user:${of},${user}`;
  if (sessionId !== undefined) return `name:${of},${session}`;
  return status === undefined ? `agent:${of}` : `status:${status}:${of}`;
}
