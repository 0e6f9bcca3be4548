/** Whose conversation: one session of one user with one agent. Each part may hold any characters. */
export interface SessionKey {
  readonly userId: string;
  readonly sessionId: string;
  /** The agent's name where several share a service. */
  readonly agent?: string | undefined;
}

/** A session as a handler holds it. */
export interface SessionHandle extends SessionKey {
  /**
   * Rises with each run of the session. A service that has seen a higher one refuses to write with `FENCED`,
   * so that a run that was given up on can't overwrite the work of its successor.
   */
  readonly fence?: number | undefined;
}

/** A session whose agent is known, as all sessions of runs are. */
export interface RunSession extends SessionKey {
  readonly agent: string;
}

/** A session as the handler of a run holds it. */
export interface RunSessionHandle extends RunSession {
  readonly fence: number;
}

/** A string that is the same for equal keys and different for others, whatever characters they hold. */
export function sessionKeyText({ agent, userId, sessionId }: SessionKey): string {
  return JSON.stringify([agent ?? null, userId, sessionId]);
}
