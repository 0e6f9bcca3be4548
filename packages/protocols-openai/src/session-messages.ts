import type { Message } from "@agentscope-runtime/agent-api";
import type { Caller, HostedAgent, Runs, SessionName } from "@agentscope-runtime/core";

/** All messages of a session, the oldest first. Rejects with `RESOURCE_NOT_FOUND`, or `UNSUPPORTED` without a history. */
export async function sessionMessages(
  runs: Runs,
  agent: HostedAgent,
  session: SessionName,
  caller: Caller,
): Promise<readonly Message[]> {
  const messages: Message[] = [];
  let cursor: string | undefined;
  do {
    const page = await runs.sessions.messages(agent, session, { limit: 1000, cursor }, caller);
    messages.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return messages;
}
