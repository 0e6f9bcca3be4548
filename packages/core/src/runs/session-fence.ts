import type { RunSessionHandle } from "../contracts/session-key.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import { sessionServices } from "./session-services.ts";

/**
 * Shows a session's new fence to the services that keep something of it, so that they refuse what the handler of an owner
 * that was given up on may still write.
 */
export async function raiseFence(agent: HostedAgent, session: RunSessionHandle): Promise<void> {
  const { states, histories, memories } = sessionServices(agent);
  await Promise.all([
    ...states.map((state) => state.exportState(session)),
    ...histories.map((history) => history.getSession(session)),
    // Adds nothing, but shows the fence.
    ...memories.map((memory) => memory.addMemory(session, [])),
  ]);
}
