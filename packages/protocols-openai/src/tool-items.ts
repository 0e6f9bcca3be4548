import type { Content, Message } from "@agentscope-runtime/agent-api";
import type { ItemEvents } from "./item-events.ts";
import type { OpenItem } from "./openai-event-state.ts";
import { type FunctionCallItem, type McpCallItem, OWN_TOOLS } from "./output-item.ts";
import { toolOutputText } from "./tool-output-text.ts";

/** The body of a call, of its output or of a request for approval. */
export interface ToolBody {
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
  readonly output: string;
  readonly serverLabel: string;
}

/**
 * Shows a call, of which this is the first slot. The call of a `function` is the client's to answer; all others are the
 * agent's own, and go on until their output is there.
 */
export function startCall({ id, type }: CallMessage, slot: Content, events: ItemEvents): OpenItem {
  const body = bodyOf(slot);
  if (type !== "function_call") return startOwnCall({ ...body, id }, events);
  const item: FunctionCallItem = {
    type,
    id,
    // Clients tell calls apart by this id, even where the agent has used it twice.
    call_id: events.isCalled(body.callId) ? id : body.callId,
    name: body.name,
    arguments: "",
    status: "in_progress",
  };
  return events.add(item, id);
}

interface CallMessage {
  readonly id: string;
  readonly type: string;
}

/** Adds what the slot of a call brings. */
export function addCallSlot(open: OpenItem, slot: Content, events: ItemEvents): void {
  const body = bodyOf(slot);
  const item = events.itemAt(open);
  if (item?.type !== "function_call" && item?.type !== "mcp_call") return;
  const place = { item_id: item.id, output_index: open.index };
  const delta = body.arguments.slice(open.sent);
  open.sent += delta.length;
  events.update(open, { ...item, arguments: body.arguments });
  if (item.type === "function_call") {
    if (delta !== "") events.emit({ type: "response.function_call_arguments.delta", ...place, delta });
    if (slot.status === "in_progress") return;
    // The OpenAI document wants the name, the type of the SDK does not know it.
    const named = { ...place, arguments: body.arguments, name: item.name };
    events.emit({ type: "response.function_call_arguments.done", ...named });
  } else {
    if (delta !== "") events.emit({ type: "response.mcp_call_arguments.delta", ...place, delta });
    if (slot.status === "in_progress") return;
    events.emit({ type: "response.mcp_call_arguments.done", ...place, arguments: body.arguments });
  }
}

/** Ends the item of a client's call; the agent's own wait for their output. */
export function endCall({ id, status }: Message, events: ItemEvents): void {
  const open = events.find(id);
  const item = open === undefined ? undefined : events.itemAt(open);
  if (open === undefined || item?.type !== "function_call") return;
  events.done(open, { ...item, status: status === "completed" ? "completed" : "incomplete" });
}

/** Ends the item of the call that this is the output of, or shows the output alone where there is none. */
export function addCallOutput({ id, type, status, content }: Message, events: ItemEvents): void {
  const slot = content?.at(-1);
  if (slot === undefined) return;
  const { callId, name, output: json } = bodyOf(slot);
  const end = status === "completed" ? "completed" : "incomplete";
  const output = toolOutputText(json);
  if (type === "function_call_output") {
    const item = { type: "function_call_output", id, call_id: callId, output, status: end } as const;
    events.done(events.add({ ...item, output: "", status: "in_progress" }, id), item);
    return;
  }
  const open = events.findCall(callId) ?? startOwnCall({ id, callId, name, serverLabel: OWN_TOOLS }, events);
  const item = events.itemAt(open);
  if (item?.type !== "mcp_call") return;
  if (end === "completed") {
    events.emit({ type: "response.mcp_call.completed", item_id: item.id, output_index: open.index });
  }
  events.done(open, { ...item, output, status: end });
}

/** Shows that the agent asks whether it may make a call. */
export function addApprovalRequest({ id: messageId, content }: Message, events: ItemEvents): void {
  const slot = content?.at(-1);
  if (slot === undefined) return;
  const { id: requestId, name, arguments: text, serverLabel } = bodyOf(slot);
  const id = requestId === "" || events.has(requestId) ? messageId : requestId;
  const item = {
    type: "mcp_approval_request",
    id,
    server_label: serverLabel,
    name,
    arguments: text,
  } as const;
  events.done(events.add(item, id), item);
}

function startOwnCall(
  { id, callId, name, serverLabel }: Pick<ToolBody, "id" | "callId" | "name" | "serverLabel">,
  events: ItemEvents,
): OpenItem {
  const item: McpCallItem = {
    type: "mcp_call",
    id,
    server_label: serverLabel,
    name,
    arguments: "",
    status: "in_progress",
    output: null,
    error: null,
    approval_request_id: null,
  };
  const open = events.add(item, id, callId);
  events.emit({ type: "response.mcp_call.in_progress", item_id: id, output_index: open.index });
  return open;
}

/** What the slot of a call, an output or a request says; empty where it does not. */
export function bodyOf(slot: Content): ToolBody {
  const data = slot.type === "data" ? (slot.data ?? {}) : {};
  const text = (key: string) => (typeof data[key] === "string" ? data[key] : "");
  return {
    id: text("id"),
    callId: text("call_id"),
    name: text("name"),
    arguments: text("arguments"),
    output: text("output"),
    serverLabel: text("server_label") || OWN_TOOLS,
  };
}
