import { type AgentResponse, McpApprovalRequest, type Message } from "@agentscope-runtime/agent-api";

/** What a run waits for that has ended to ask a person. */
export interface AskedInput {
  readonly runId: string;
  /** Why it waits: `input_required` or `auth_required`. */
  readonly reason: string;
  /** What it would do if a person approves; empty where it asks in words. */
  readonly requests: readonly McpApprovalRequest[];
  /** What the agent said last. */
  readonly question: string;
}

/** What the ended run waits for, or `undefined` if it waits for nothing. */
export function toAskedInput(response: AgentResponse): AskedInput | undefined {
  const { reason = "", request_ids: ids = [] } = response.incomplete_details ?? {};
  if (response.status !== "incomplete" || !WAITING.has(reason)) return undefined;
  const messages = response.output ?? [];
  const known = new Map(messages.flatMap(requestsOf).map((request) => [request.id, request]));
  const requests = ids.map((id) => known.get(id) ?? { id, name: "", arguments: "", server_label: "" });
  return { runId: response.id, reason, requests, question: questionOf(messages) };
}

const WAITING: ReadonlySet<string> = new Set(["input_required", "auth_required"]);

function requestsOf({ type, content }: Message): readonly McpApprovalRequest[] {
  if (type !== "mcp_approval_request") return [];
  return (content ?? []).flatMap((slot) => {
    const request = McpApprovalRequest.safeParse(slot.type === "data" ? slot.data : undefined);
    return request.success ? [request.data] : [];
  });
}

function questionOf(messages: readonly Message[]): string {
  const last = messages.findLast(({ type, role }) => type === "message" && role === "assistant");
  return (last?.content ?? []).map((slot) => (slot.type === "text" ? slot.text : "")).join("");
}
