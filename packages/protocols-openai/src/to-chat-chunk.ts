import {
  type AgentEvent,
  type AgentResponse,
  type Content,
  isTerminal,
  type Message,
  type RefusalContent,
  type TextContent,
} from "@agentscope-runtime/agent-api";
import type { LogEntry, RunSummary } from "@agentscope-runtime/core";
import { z } from "zod";
import { APPROVAL_TOOL, toApprovalArguments, toApprovalCallId } from "./chat-approval.ts";
import type { ChatChunkState, ChatEvent, ChatTextKey, OpenChatMessage } from "./chat-chunk.ts";
import { type Emit, emitDelta, emitText, heading } from "./chat-delta.ts";
import { chatFailure, toChatUsage, toFinishReason } from "./chat-end.ts";
import { toChatMedia } from "./chat-media.ts";
import { endAnswer, holdText, releaseText } from "./held-text.ts";
import { toOpenAIError } from "./openai-error.ts";
import { bodyOf } from "./tool-items.ts";
import { wantsJson } from "./wants-json.ts";

/** The state before the first entry of a run's log. */
export function newChatChunkState({
  request,
  session,
}: Pick<RunSummary, "request" | "session">): ChatChunkState {
  return {
    id: request.id,
    model: request.model ?? session.agent,
    includeUsage: StreamOptions.safeParse(request.stream_options).success,
    created: null,
    attempt: 1,
    open: [],
    calls: [],
    last: [],
    json: wantsJson(request),
    held: null,
    opened: 0,
  };
}

/**
 * The events of a Chat Completions stream that the next entry of a run's log stands for. Depends on nothing but entry
 * and state, which it moves forward: from a copy of the state, the entries that follow give the same events once more.
 */
export function toChatChunks(
  { event }: Pick<LogEntry, "event">,
  state: ChatChunkState,
): readonly ChatEvent[] {
  const events: ChatEvent[] = [];
  add(event, state, (chunk) => events.push(chunk));
  return events;
}

function add(event: AgentEvent, state: ChatChunkState, emit: Emit): void {
  if (event.object === "response") {
    addResponse(event, state, emit);
  } else if (event.object === "message") {
    addMessage(event, state, emit);
  } else {
    const open = state.open.find(({ id }) => id === event.msg_id);
    if (open !== undefined) addSlot(event, event.index ?? 0, open, state, emit);
  }
}

function addResponse(response: AgentResponse, state: ChatChunkState, emit: Emit): void {
  if (state.created === null) {
    state.created = response.created_at;
    emitDelta({ role: "assistant", content: "" }, state, emit);
  }
  const { attempt = 1 } = response;
  if (attempt > state.attempt) {
    releaseText(state, emit);
    // What the handler had left open when its process died is never ended.
    state.attempt = attempt;
    state.open = [];
    state.last = state.last.map(({ key }) => ({ key, messageId: "" }));
  }
  if (!isTerminal(response.status)) return;
  const failure = chatFailure(response);
  if (failure !== undefined) {
    emit({ error: toOpenAIError(failure) });
    return;
  }
  endAnswer(state, emit);
  emitDelta({}, state, emit, toFinishReason(response, state.calls.length > 0));
  const usage = state.includeUsage ? toChatUsage(response.usage) : undefined;
  if (usage !== undefined) emit({ ...heading(state), choices: [], usage });
}

function addMessage(message: Message, state: ChatChunkState, emit: Emit): void {
  const { id, type, role, status, content } = message;
  if (type === "mcp_approval_request" && status !== "in_progress") addApprovalRequest(message, state, emit);
  // The answer of a chat is the assistant's.
  if (!isShown(type) || role !== "assistant") return;
  let open = state.open.find((other) => other.id === id);
  if (open === undefined) {
    open = { id, type, place: state.opened++, calls: state.calls.length, call: null, sent: [] };
    state.open.push(open);
  }
  if (status === "in_progress") return;
  for (const [index, slot] of (content ?? []).entries()) {
    addSlot(slot, slot.index ?? index, open, state, emit);
  }
  state.open = state.open.filter((other) => other !== open);
}

function addSlot(
  slot: Content,
  index: number,
  open: OpenChatMessage,
  state: ChatChunkState,
  emit: Emit,
): void {
  if (open.type === "function_call") {
    addCall(slot, open, state, emit);
    return;
  }
  const isMedia = slot.type !== "text" && slot.type !== "refusal";
  // Media are shown once they are whole, and reasoning has none.
  if (isMedia && (slot.status === "in_progress" || open.type === "reasoning")) return;
  const text = isMedia ? toChatMedia(slot) : textOf(slot);
  if (text === undefined) return;
  const sent = open.sent[index] ?? 0;
  // Only a delta holds the new piece alone.
  const piece = slot.delta ? text : text.slice(sent);
  open.sent[index] = sent + piece.length;
  if (piece === "") return;
  const said = { key: keyOf(slot, open), text: piece, messageId: open.id, isMedia };
  if (state.json && open.type === "message") holdText(said, open, state, emit);
  else emitText(said, state, emit);
}

function addCall(slot: Content, open: OpenChatMessage, state: ChatChunkState, emit: Emit): void {
  const { success, data } = Call.safeParse(slot.type === "data" ? slot.data : undefined);
  if (!success) return;
  const sent = open.sent[0] ?? 0;
  const piece = data.arguments.slice(sent);
  open.sent = [sent + piece.length];
  if (open.call !== null) {
    if (piece === "") return;
    emitDelta({ tool_calls: [{ index: open.call, function: { arguments: piece } }] }, state, emit);
    return;
  }
  // Clients tell calls apart by this id, even where the agent has used it twice.
  const id = data.call_id === "" || state.calls.includes(data.call_id) ? open.id : data.call_id;
  const called = { name: data.name, arguments: piece };
  open.call = state.calls.push(id) - 1;
  emitDelta({ tool_calls: [{ index: open.call, id, type: "function", function: called }] }, state, emit);
}

/** Shows a request as a call, which the client answers like one. */
function addApprovalRequest({ id: messageId, content }: Message, state: ChatChunkState, emit: Emit): void {
  const slot = content?.at(-1);
  if (slot === undefined) return;
  const body = bodyOf(slot);
  const id = toApprovalCallId({ runId: state.id, requestId: body.id || messageId });
  // An agent that was started again asks again.
  if (state.calls.includes(id)) return;
  const index = state.calls.push(id) - 1;
  const called = { name: APPROVAL_TOOL, arguments: toApprovalArguments(body) };
  emitDelta({ tool_calls: [{ index, id, type: "function", function: called }] }, state, emit);
}

function isShown(type: string): type is OpenChatMessage["type"] {
  return type === "message" || type === "reasoning" || type === "function_call";
}

function textOf(slot: TextContent | RefusalContent): string {
  return (slot.type === "text" ? slot.text : slot.refusal) ?? "";
}

function keyOf(slot: Content, { type }: OpenChatMessage): ChatTextKey {
  if (type === "reasoning") return "reasoning_content";
  return slot.type === "refusal" ? "refusal" : "content";
}

const text = z.string().catch("");
const Call = z.object({ call_id: text, name: text, arguments: text });
const StreamOptions = z.object({ include_usage: z.literal(true) });
