import { type AGUIEvent, EventType } from "@ag-ui/core";
import { type AgentEvent, type Content, isTerminal, type Message } from "@agentscope-runtime/agent-api";
import type { LogEntry, RunSummary } from "@agentscope-runtime/core";
import type { AgUiEvent, AgUiEventState, OpenMessage } from "./ag-ui-event-state.ts";
import { agUiInputOf } from "./ag-ui-input.ts";
import { kindOf } from "./call-body.ts";
import { toQuestion } from "./interrupts.ts";
import { addResponse, closeAll } from "./run-events.ts";
import { addAgentState } from "./state-events.ts";
import { addContentSlot, endContent } from "./text-events.ts";
import { addCallSlot, addResult, dropCalls, endCall } from "./tool-events.ts";

type Emit = (event: AGUIEvent) => void;

/** The state before the first entry of a run's log. */
export function newAgUiEventState({
  id,
  request,
  session,
}: Pick<RunSummary, "id" | "request" | "session">): AgUiEventState {
  const { state, parentRunId = null } = agUiInputOf(request) ?? {};
  return {
    threadId: session.sessionId,
    runId: id,
    parentRunId,
    started: false,
    attempt: 1,
    open: [],
    calls: [],
    steps: [],
    questions: [],
    agreed: state === undefined ? null : { value: state },
    snapshotSent: false,
  };
}

/**
 * The AG-UI events that the next entry of a run's log stands for. Depends on nothing but entry and state, which it moves
 * forward: from a copy of the state, the entries that follow give the same events once more.
 */
export function toAgUiEvents(
  { event }: Pick<LogEntry, "event">,
  state: AgUiEventState,
): readonly AgUiEvent[] {
  return toTypedEvents(event, state);
}

/** As {@link toAgUiEvents}, in the words of the SDK. */
export function toTypedEvents(event: AgentEvent, state: AgUiEventState): readonly AGUIEvent[] {
  const events: AGUIEvent[] = [];
  const emit: Emit = (item) => events.push(item);
  startAgain(event.attempt ?? 1, state, emit);
  if (event.object === "response") addResponse(event, state, emit);
  else if (event.object === "message") addMessage(event, state, emit);
  else addSlot(event, state, emit);
  return events;
}

/** Takes over the messages that a run has so far, as if their events had been read. */
export function adoptMessages(messages: readonly Message[], state: AgUiEventState): void {
  for (const message of messages) {
    toTypedEvents({ ...message, status: "in_progress", content: null }, state);
    for (const [index, slot] of (message.content ?? []).entries()) {
      toTypedEvents({ ...slot, msg_id: message.id, index, delta: false }, state);
    }
    if (isTerminal(message.status)) toTypedEvents(message, state);
  }
}

/** A handler that was started again begins anew; of what came before nothing goes on. */
function startAgain(attempt: number, state: AgUiEventState, emit: Emit): void {
  if (attempt <= state.attempt) return;
  state.attempt = attempt;
  closeAll(state, emit);
  dropCalls(state, emit);
  state.questions = [];
  state.snapshotSent = false;
}

function addMessage(message: Message, state: AgUiEventState, emit: Emit): void {
  if (message.status === "in_progress") {
    if (kindOf(message.type) !== "silent") state.open.push(toOpen(message));
    return;
  }
  const open = state.open.find(({ id }) => id === message.id);
  if (open === undefined) return;
  state.open = state.open.filter((other) => other !== open);
  const kind = kindOf(message.type);
  if (kind === "call") endCall(open, state, emit);
  else if (kind === "output") addResult(message, state, emit);
  else if (kind === "question") state.questions.push(toQuestion(message));
  else if (kind === "step") addStep(dataOf(message), state, emit);
  else if (kind === "state") addAgentState(dataOf(message), state, emit);
  else endContent(open, emit);
}

function addSlot(slot: Content, state: AgUiEventState, emit: Emit): void {
  const open = state.open.find(({ id }) => id === slot.msg_id);
  if (open === undefined) return;
  const kind = kindOf(open.type);
  if (kind === "call") addCallSlot(slot, open, state, emit);
  else if (kind === "content" || kind === "reasoning") addContentSlot(slot, open, emit);
}

/** A step of one name that is started twice goes on until both are finished. */
function addStep(
  { name, status }: Readonly<Record<string, unknown>>,
  state: AgUiEventState,
  emit: Emit,
): void {
  if (typeof name !== "string") return;
  const isOpen = state.steps.includes(name);
  if (status === "started") {
    state.steps.push(name);
    if (!isOpen) emit({ type: EventType.STEP_STARTED, stepName: name });
  } else if (isOpen) {
    state.steps.splice(state.steps.lastIndexOf(name), 1);
    if (!state.steps.includes(name)) emit({ type: EventType.STEP_FINISHED, stepName: name });
  }
}

function toOpen({ id, type, role }: Message): OpenMessage {
  const speaker = role === "user" || role === "system" ? role : "assistant";
  return { id, type, role: speaker, started: false, slot: 0, sent: 0 };
}

function dataOf({ content }: Message): Readonly<Record<string, unknown>> {
  const slot = content?.at(-1);
  return slot?.type === "data" ? (slot.data ?? {}) : {};
}
