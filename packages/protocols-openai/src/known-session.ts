import {
  type Caller,
  type HostedAgent,
  type Runs,
  RuntimeError,
  type Session,
  type SessionName,
} from "@agentscope-runtime/core";

/** The session as the agent's history knows it, or `undefined` where it does not, or where there is none. */
export async function knownSession(
  runs: Runs,
  agent: HostedAgent,
  name: SessionName,
  caller: Caller,
): Promise<Session | undefined> {
  try {
    return await runs.sessions.get(agent, name, caller);
  } catch (error) {
    if (RuntimeError.is(error) && UNKNOWN.has(error.code)) return undefined;
    throw error;
  }
}

const UNKNOWN: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "UNSUPPORTED"]);
