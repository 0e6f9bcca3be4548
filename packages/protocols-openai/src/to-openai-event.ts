import {
  type AgentEvent,
  type AgentResponse,
  type Content,
  isTerminal,
  type Message,
} from "@agentscope-runtime/agent-api";
import type { LogEntry, RunSummary } from "@agentscope-runtime/core";
import type { Response } from "openai/resources/responses/responses";
import { isWaiting } from "./chat-end.ts";
import { ItemEvents } from "./item-events.ts";
import type { OpenAIEvent, OpenAIEventState } from "./openai-event-state.ts";
import { type ResponseObject, toResponseEcho, toResponseObject } from "./response-object.ts";
import { addTextMessage, addTextSlot } from "./text-items.ts";
import { addApprovalRequest, addCallOutput, addCallSlot, endCall, startCall } from "./tool-items.ts";
import { wantsJson } from "./wants-json.ts";

/** The state before the first entry of a run's log. */
export function newOpenAIEventState({
  request,
  session,
}: Pick<RunSummary, "request" | "session">): OpenAIEventState {
  return {
    echo: toResponseEcho(request, session.agent),
    sequence: 0,
    items: [],
    open: [],
    json: wantsJson(request),
    answer: null,
    held: null,
    announced: [],
  };
}

/**
 * The Responses events that the next entry of a run's log stands for. Depends on nothing but entry and state, which it
 * moves forward: from a copy of the state, the entries that follow give the same events once more.
 */
export function toOpenAIEvents(
  { event, count = 1 }: Pick<LogEntry, "event" | "count">,
  state: OpenAIEventState,
): readonly OpenAIEvent[] {
  const events = new ItemEvents(state, count);
  add(event, events, state);
  return events.events;
}

function add(event: AgentEvent, events: ItemEvents, state: OpenAIEventState): void {
  if (event.object === "response") addResponse(event, events, state);
  else if (event.object === "message") addMessage(event, events, state);
  else addSlot(event, events, state);
}

function addMessage(message: Message, events: ItemEvents, state: OpenAIEventState): void {
  const { id, type, role, status } = message;
  if (type === "message" || type === "reasoning") {
    // The items of a response are the assistant's.
    if (role === "assistant") addTextMessage(message, events);
  } else if (callTypes.has(type)) {
    // What is called is said by the slot to come.
    if (status === "in_progress") state.announced.push({ id, type });
    else endCall(message, events);
  } else if (status !== "in_progress") {
    if (outputTypes.has(type)) addCallOutput(message, events);
    else if (type === "mcp_approval_request") addApprovalRequest(message, events);
  }
}

function addSlot(slot: Content, events: ItemEvents, state: OpenAIEventState): void {
  const open = events.find(slot.msg_id);
  if (open === undefined) {
    const message = state.announced.find(({ id }) => id === slot.msg_id);
    if (message === undefined) return;
    state.announced = state.announced.filter((other) => other !== message);
    addCallSlot(startCall(message, slot, events), slot, events);
    return;
  }
  const item = events.itemAt(open);
  if (item?.type === "message" || item?.type === "reasoning") addTextSlot(slot, open, item, events);
  else addCallSlot(open, slot, events);
}

function addResponse(event: AgentResponse, events: ItemEvents, state: OpenAIEventState): void {
  if (isTerminal(event.status)) events.close(isWaiting(event));
  const response = toResponseObject(event, state);
  // The type of the SDK has the `output_text` that the SDK itself adds.
  events.emit({ type: lifecycle(event, response.status), response: response as unknown as Response });
}

function lifecycle({ status }: AgentResponse, shown: ResponseObject["status"]): LifecycleEvent {
  if (status === "created") return "response.created";
  // There is no event that says it was canceled, only the status of the response in it.
  return shown === "cancelled" ? "response.failed" : `response.${shown}`;
}

type LifecycleEvent = "response.created" | `response.${Exclude<ResponseObject["status"], "cancelled">}`;

const callTypes: ReadonlySet<string> = new Set([
  "function_call",
  "plugin_call",
  "component_call",
  "mcp_call",
]);
const outputTypes: ReadonlySet<string> = new Set([...callTypes].map((type) => `${type}_output`));
