import type { AgentRequest, AgentResponse } from "@agentscope-runtime/agent-api";
import { RuntimeError } from "../errors/runtime-error.ts";

/**
 * Throws `INVALID_PARAMETER` where the input approves or declines what the run that it continues has not asked. `read`
 * resolves to how that one has ended.
 */
export async function assertAsked(
  { input, continues = "" }: AgentRequest,
  read: (runId: string) => Promise<AgentResponse | undefined>,
): Promise<void> {
  const decided = input
    .filter(({ type }) => type === "mcp_approval_response")
    .flatMap(({ content }) => content ?? [])
    .map((slot) => (slot.type === "data" ? slot.data?.approval_request_id : undefined))
    .filter((id) => id !== undefined);
  if (decided.length === 0) return;
  const { request_ids: asked = [] } = (await read(continues))?.incomplete_details ?? {};
  // Where it names no requests, what it asks is known by its own id.
  const open: readonly unknown[] = asked.length === 0 ? [continues] : asked;
  const unknown = decided.find((id) => !open.includes(id));
  if (unknown === undefined) return;
  throw new RuntimeError(
    "INVALID_PARAMETER",
    `The run ${continues} has not asked for the approval of ${unknown}.`,
  );
}
