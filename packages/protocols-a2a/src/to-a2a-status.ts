import type { AgentResponse, Message, Status } from "@agentscope-runtime/agent-api";
import type { A2AMessage, A2APart, A2ATaskState, A2ATaskStatus } from "./a2a-task.ts";
import type { TaskPlace } from "./to-a2a-history.ts";
import { toA2AParts } from "./to-a2a-parts.ts";

/** How a task stands when its run says this of itself. */
export function toA2AStatus(response: AgentResponse, place: TaskPlace): A2ATaskStatus {
  const { status, incomplete_details: details, created_at, completed_at } = response;
  const state = toA2AState(status, details?.reason);
  const message = messageOf(response, state, place);
  const seconds = completed_at ?? (status === "in_progress" ? undefined : created_at);
  return {
    state,
    ...(message === undefined ? {} : { message }),
    ...(seconds === undefined ? {} : { timestamp: new Date(seconds * 1000).toISOString() }),
  };
}

/** The state of a task whose run has this status, and ended `incomplete` for that reason. */
export function toA2AState(status: Status, reason?: string): A2ATaskState {
  if (status === "incomplete") return INTERRUPTED[reason ?? ""] ?? "TASK_STATE_FAILED";
  return STATES[status] ?? "TASK_STATE_WORKING";
}

/** True for a task that waits for its caller. */
export function isInterrupted(state: A2ATaskState): boolean {
  return state === "TASK_STATE_INPUT_REQUIRED" || state === "TASK_STATE_AUTH_REQUIRED";
}

/** True for a task that nothing more will become of. */
export function isEnded(state: A2ATaskState): boolean {
  return ENDED.has(state);
}

function messageOf(
  { id, error, status, output, incomplete_details: details }: AgentResponse,
  state: A2ATaskState,
  { taskId, contextId }: TaskPlace,
): A2AMessage | undefined {
  const head = { contextId, taskId, role: "ROLE_AGENT" } as const;
  if (isInterrupted(state) || state === "TASK_STATE_REJECTED") {
    const said = output?.findLast(({ type, role }) => type === "message" && role === "assistant");
    const open = new Set(details?.request_ids ?? []);
    const questions = (output ?? []).flatMap((message) => toQuestion(message, open) ?? []);
    const parts = [...(said === undefined ? [] : toA2AParts(said)), ...questions];
    return parts.length === 0 ? undefined : { messageId: `${id}_status`, ...head, parts };
  }
  if (state !== "TASK_STATE_FAILED" && error === null) return undefined;
  const text = error?.message ?? `The run ended ${status}: ${details?.reason ?? "for an unknown reason"}.`;
  const code = error?.code ?? details?.reason;
  return { messageId: `${id}_status`, ...head, parts: [{ text }], ...(code ? { metadata: { code } } : {}) };
}

/** The question whether a call may be made, if it waits for an answer. */
function toQuestion({ type, content }: Message, open: ReadonlySet<string>): A2APart | undefined {
  const slot = type === "mcp_approval_request" ? content?.at(-1) : undefined;
  if (slot?.type !== "data" || slot.data === null || !open.has(String(slot.data.id))) return undefined;
  return { data: slot.data, metadata: { type } };
}

const STATES: Readonly<Partial<Record<Status, A2ATaskState>>> = {
  created: "TASK_STATE_SUBMITTED",
  queued: "TASK_STATE_SUBMITTED",
  in_progress: "TASK_STATE_WORKING",
  completed: "TASK_STATE_COMPLETED",
  failed: "TASK_STATE_FAILED",
  canceled: "TASK_STATE_CANCELED",
  rejected: "TASK_STATE_REJECTED",
};
const INTERRUPTED: Readonly<Record<string, A2ATaskState>> = {
  input_required: "TASK_STATE_INPUT_REQUIRED",
  auth_required: "TASK_STATE_AUTH_REQUIRED",
};
const ENDED: ReadonlySet<A2ATaskState> = new Set([
  "TASK_STATE_COMPLETED",
  "TASK_STATE_FAILED",
  "TASK_STATE_CANCELED",
  "TASK_STATE_REJECTED",
]);
