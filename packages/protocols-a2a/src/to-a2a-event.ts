import type { AgentResponse, Content, Message } from "@agentscope-runtime/agent-api";
import { isTerminal } from "@agentscope-runtime/agent-api";
import type { LogEntry, RunRecord } from "@agentscope-runtime/core";
import type { A2AEventState, OpenArtifact } from "./a2a-event-state.ts";
import type { A2AArtifact, A2AEvent, A2AMessage, A2ATask, A2ATaskStatus } from "./a2a-task.ts";
import { toA2AHistory } from "./to-a2a-history.ts";
import { isText, toA2APart, toA2AParts } from "./to-a2a-parts.ts";
import { toA2AStatus } from "./to-a2a-status.ts";

export interface A2AEventOptions {
  /** The task as it was when the run before had ended, if the run answers that one. */
  readonly earlier?: A2ATask | undefined;
  /** Whether the agent's reasoning, steps and own tool calls are told. Defaults to false. */
  readonly progress?: boolean | undefined;
}

/** The state before the first entry of a run's log, and before an entry that joins all entries up to it. */
export function newA2AEventState(
  { request, session }: Pick<RunRecord, "request" | "session">,
  { earlier, progress = false }: A2AEventOptions = {},
): A2AEventState {
  const taskId = earlier?.id ?? request.id;
  const contextId = session.sessionId;
  const question = earlier?.status.message;
  return {
    taskId,
    contextId,
    progress,
    history: [
      ...(earlier?.history ?? []),
      ...(question === undefined ? [] : [question]),
      ...toA2AHistory(request.input, { taskId, contextId }),
    ],
    artifacts: earlier?.artifacts ?? [],
    attempt: 0,
    open: [],
  };
}

/**
 * The events that the next entry of a run's log stands for, the task itself first. Depends on nothing but entry and
 * state, which it moves forward: from a copy of the state, the entries that follow give the same events once more.
 */
export function toA2AEvents({ event }: Pick<LogEntry, "event">, state: A2AEventState): readonly A2AEvent[] {
  const attempt = event.attempt ?? 1;
  if (event.object === "response") {
    // Another attempt supersedes what the earlier ones had made.
    if (attempt > state.attempt) return [showTask(event, attempt, state)];
    // What waits was submitted, and no more.
    return event.status === "queued" ? [] : [toStatusUpdate(toA2AStatus(event, state), state)];
  }
  if (attempt < state.attempt) return [];
  return event.object === "message" ? addMessage(event, state) : addSlot(event, state);
}

function showTask(event: AgentResponse, attempt: number, state: A2AEventState): A2AEvent {
  const messages = event.output ?? [];
  state.attempt = attempt;
  state.open = messages
    .filter(({ status }) => status === "in_progress")
    .flatMap((message) => toOpen(message));
  const artifacts = messages.flatMap((message) => toArtifact(message) ?? []);
  const task: A2ATask = {
    id: state.taskId,
    contextId: state.contextId,
    status: toA2AStatus(event, state),
    ...list("artifacts", [...state.artifacts, ...artifacts]),
    ...list("history", state.history),
  };
  return { task };
}

function addMessage(message: Message, state: A2AEventState): A2AEvent[] {
  if (!isTerminal(message.status)) {
    state.open.push(...toOpen(message));
    return [];
  }
  const open = state.open.find(({ id }) => id === message.id);
  state.open = state.open.filter((other) => other !== open);
  if (isArtifact(message)) {
    const metadata = metadataOf(message);
    // There is no other way to say that an artifact is whole than to append to it.
    if (open?.sent)
      return [toArtifactUpdate({ artifactId: message.id, parts: [{ text: "" }] }, open, state, true)];
    const artifact = toArtifact(message);
    return artifact === undefined ? [] : [toArtifactUpdate({ ...artifact, ...metadata }, open, state, true)];
  }
  if (!state.progress || !isProgress(message)) return [];
  const parts = toA2AParts(message);
  if (parts.length === 0) return [];
  const { taskId, contextId } = state;
  const told: A2AMessage = {
    messageId: message.id,
    contextId,
    taskId,
    role: "ROLE_AGENT",
    parts,
    metadata: { type: message.type },
  };
  return [toStatusUpdate({ state: "TASK_STATE_WORKING", message: told }, state)];
}

function addSlot(slot: Content, state: A2AEventState): A2AEvent[] {
  const open = state.open.find(({ id }) => id === slot.msg_id);
  if (open === undefined) return [];
  const index = slot.index ?? 0;
  // Text that came in pieces comes once more as a whole.
  const isKnown = isText(slot) ? !slot.delta && open.slot === index : slot.status === "in_progress";
  const part = isKnown ? undefined : toA2APart(slot);
  if (part === undefined) return [];
  if (isText(slot)) open.slot = index;
  const artifact: A2AArtifact = { artifactId: open.id, parts: [part], ...metadataOf(open) };
  const update = toArtifactUpdate(artifact, open, state, false);
  open.sent = true;
  return [update];
}

function toOpen(message: Message): OpenArtifact[] {
  if (!isArtifact(message)) return [];
  const content = message.content ?? [];
  const slot = content.findLastIndex((slot) => isText(slot) && toA2APart(slot) !== undefined);
  return [
    {
      id: message.id,
      type: message.type,
      sent: toA2AParts(message).length > 0,
      slot: slot === -1 ? null : slot,
    },
  ];
}

/** The artifact that an ended message is; `undefined` for one that is none. */
export function toWholeArtifact(message: Message): A2AArtifact | undefined {
  return isTerminal(message.status) ? toArtifact(message) : undefined;
}

function toArtifact(message: Message): A2AArtifact | undefined {
  if (!isArtifact(message)) return undefined;
  const parts = toA2AParts(message);
  return parts.length === 0 ? undefined : { artifactId: message.id, parts, ...metadataOf(message) };
}

function toArtifactUpdate(
  artifact: A2AArtifact,
  open: OpenArtifact | undefined,
  { taskId, contextId }: A2AEventState,
  last: boolean,
): A2AEvent {
  const append = open?.sent === true ? ({ append: true } as const) : {};
  return {
    artifactUpdate: { taskId, contextId, artifact, ...append, ...(last ? { lastChunk: true as const } : {}) },
  };
}

function toStatusUpdate(status: A2ATaskStatus, { taskId, contextId }: A2AEventState): A2AEvent {
  return { statusUpdate: { taskId, contextId, status } };
}

function metadataOf({ type }: Pick<Message, "type">): { metadata?: Readonly<Record<string, unknown>> } {
  return type === "message" ? {} : { metadata: { type } };
}

function list<Key extends string, Item>(key: Key, items: readonly Item[]): { [K in Key]?: readonly Item[] } {
  return (items.length === 0 ? {} : { [key]: items }) as { [K in Key]?: readonly Item[] };
}

/** What an agent makes for its caller, and no way there: its answers, and the calls that the caller is to make. */
function isArtifact({ type, role }: Pick<Message, "type" | "role">): boolean {
  return role === "assistant" && !INTERNAL.has(type) && type !== "mcp_approval_request";
}

function isProgress({ type }: Pick<Message, "type">): boolean {
  return INTERNAL.has(type);
}

const INTERNAL: ReadonlySet<string> = new Set([
  "reasoning",
  "plugin_call",
  "plugin_call_output",
  "component_call",
  "component_call_output",
  "mcp_call",
  "mcp_call_output",
  "mcp_list_tools",
  "step",
  "state",
]);
