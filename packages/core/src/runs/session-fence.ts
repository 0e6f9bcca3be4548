import { isService } from "../contracts/service.ts";
import type { RunSessionHandle } from "../contracts/session-key.ts";
import type { HostedAgent } from "./hosted-agent.ts";

/**
 * Shows a session's new fence to the services that keep its state and history, so that they refuse what the handler of
 * an owner that was given up on may still write.
 */
export async function raiseFence(
  { services, resources }: HostedAgent,
  session: RunSessionHandle,
): Promise<void> {
  const known = new Set<unknown>([services.state, services.history, ...Object.values(resources ?? {})]);
  await Promise.all(
    [...known].filter(isService).map(async (service) => {
      const { exportState, getSession } = service as Partial<FencedReads>;
      await exportState?.call(service, session);
      await getSession?.call(service, session);
    }),
  );
}

interface FencedReads {
  exportState(session: RunSessionHandle): Promise<unknown>;
  getSession(session: RunSessionHandle): Promise<unknown>;
}
