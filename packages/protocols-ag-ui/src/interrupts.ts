import type { Interrupt } from "@ag-ui/core";
import type { AgentResponse, Message } from "@agentscope-runtime/agent-api";
import type { AgUiEventState, Question } from "./ag-ui-event-state.ts";
import { callBodyOf } from "./call-body.ts";

/** What a request for approval asks. */
export function toQuestion(message: Message): Question {
  const { id, name, arguments: text, serverLabel } = callBodyOf(message.content?.at(-1));
  const server = serverLabel === "" ? {} : { server_label: serverLabel };
  return {
    id: id === "" ? message.id : id,
    message: `May ${name} be called?`,
    responseSchema: APPROVAL,
    metadata: { name, arguments: text, ...server },
  };
}

const APPROVAL = {
  type: "object",
  properties: { approved: { type: "boolean" }, reason: { type: "string" } },
  required: ["approved"],
};

/** True if the response says that its run waits for a person. */
export function isWaiting({ status, incomplete_details }: AgentResponse): boolean {
  return status === "incomplete" && WAITING.has(incomplete_details?.reason ?? "");
}

const WAITING: ReadonlySet<string> = new Set(["input_required", "auth_required"]);

/** What has to be answered before the thread goes on: each request, or the run as such where it names none. */
export function openInterruptIds({ id, incomplete_details }: AgentResponse): readonly string[] {
  const ids = new Set(incomplete_details?.request_ids?.filter(Boolean));
  return ids.size === 0 ? [id] : [...ids];
}

/** The interrupts that a run ends with. */
export function toInterrupts(response: AgentResponse, { questions, calls }: AgUiEventState): Interrupt[] {
  const isSignIn = response.incomplete_details?.reason === "auth_required";
  return openInterruptIds(response).map((id) => {
    const question = questions.find((known) => known.id === id);
    const call = calls.find(({ callId }) => callId === id);
    const reason = question === undefined ? "input_required" : "confirmation";
    const asked: Interrupt = { id, reason, ...question };
    if (isSignIn) return { ...asked, reason: "agentscope:auth_required" };
    return call === undefined ? asked : { ...asked, reason: "tool_call", toolCallId: call.toolCallId };
  });
}
