import type { InputItem } from "./input-item.ts";
import { parameterError } from "./openai-error.ts";
import { OWN_TOOLS } from "./output-item.ts";
import type { ToolBody } from "./tool-items.ts";

/**
 * The function that an agent calls, as a chat has it, to ask whether it may call a tool. A client that offers it has it
 * answered by `runTools`; agents never hear of it.
 */
export const APPROVAL_TOOL = "approve_tool_call";

/** Which request for approval a call stands for. */
export interface ApprovalId {
  readonly runId: string;
  readonly requestId: string;
}

/** The id of the call that stands for a request: its answer finds the run by it. */
export function toApprovalCallId({ runId, requestId }: ApprovalId): string {
  return `${PREFIX}${encodeURIComponent(runId.toWellFormed())}:${requestId}`;
}

/** What such an id says, or `undefined` for that of any other call. */
export function fromApprovalCallId(id: string): ApprovalId | undefined {
  const [, run, requestId] = APPROVAL.exec(id) ?? [];
  if (run === undefined || requestId === undefined) return undefined;
  try {
    return { runId: decodeURIComponent(run), requestId };
  } catch {
    return undefined;
  }
}

const PREFIX = "approval:";
const APPROVAL = /^approval:([^:]+):(.+)$/s;

/** What is to be approved, as the arguments of the call. */
export function toApprovalArguments({
  name,
  arguments: text,
  serverLabel,
}: Pick<ToolBody, "name" | "arguments" | "serverLabel">): string {
  return JSON.stringify({ name, arguments: parsed(text) ?? text, server_label: serverLabel });
}

/** The request that a call in a chat stands for. */
export function fromApprovalCall({ requestId }: ApprovalId, json: string): InputItem {
  const { name, arguments: asked, server_label } = fieldsOf(parsed(json));
  return {
    type: "mcp_approval_request",
    id: requestId,
    server_label: typeof server_label === "string" ? server_label : OWN_TOOLS,
    name: typeof name === "string" ? name : "",
    arguments: typeof asked === "string" ? asked : JSON.stringify(asked ?? {}),
  };
}

export interface Decision {
  readonly approve: boolean;
  readonly reason: string | null;
}

/** What an answer to such a call decides; throws `INVALID_PARAMETER` where it does not say. */
export function toDecision(content: string): Decision {
  const answer = parsed(content);
  if (typeof answer === "boolean") return { approve: answer, reason: null };
  const { approve, reason } = fieldsOf(answer);
  if (typeof approve === "boolean") return { approve, reason: typeof reason === "string" ? reason : null };
  const wanted = '{"approve": true} or {"approve": false}, with a "reason" if there is one';
  throw parameterError("messages", "invalid_value", `The answer to ${APPROVAL_TOOL} has to be ${wanted}.`);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
