import { type AGUIEvent, EventType } from "@ag-ui/core";
import jsonPatch from "fast-json-patch";
import type { AgUiEventState } from "./ag-ui-event-state.ts";
import { JsonPatch } from "./json-patch.ts";

type Emit = (event: AGUIEvent) => void;

/** Adds what a message says of the agent's state: the whole of it, or a patch. */
export function addAgentState(
  data: Readonly<Record<string, unknown>>,
  state: AgUiEventState,
  emit: Emit,
): void {
  if (data.snapshot !== undefined) addSnapshot(data.snapshot, state, emit);
  else addPatch(data.patch, state, emit);
}

/** Sends the state as it is, if there is one that client and agent agree on. */
export function sendSnapshot({ agreed }: AgUiEventState, emit: Emit): void {
  if (agreed !== null) emit({ type: EventType.STATE_SNAPSHOT, snapshot: agreed.value });
}

// The first one is sent as it is, whatever the client has made of its own copy; later ones as what has changed.
function addSnapshot(snapshot: unknown, state: AgUiEventState, emit: Emit): void {
  const before = state.snapshotSent ? state.agreed : null;
  const delta = before === null ? undefined : shorterDelta(before.value, snapshot);
  state.agreed = { value: snapshot };
  state.snapshotSent = true;
  if (delta === undefined) sendSnapshot(state, emit);
  else if (delta.length > 0) emit({ type: EventType.STATE_DELTA, delta });
}

function addPatch(patch: unknown, state: AgUiEventState, emit: Emit): void {
  // A client ends a run over a malformed operation, and passes over a patch that does not apply.
  const delta = JsonPatch.safeParse(patch);
  const before = state.agreed === null ? {} : state.agreed.value;
  const next = delta.success ? applied(before, delta.data) : undefined;
  if (!delta.success || next === undefined) return;
  const had = state.agreed !== null;
  state.agreed = next;
  if (had) {
    emit({ type: EventType.STATE_DELTA, delta: delta.data });
  } else {
    state.snapshotSent = true;
    sendSnapshot(state, emit);
  }
}

function applied(value: unknown, patch: JsonPatch): { readonly value: unknown } | undefined {
  try {
    // The values of a patch become parts of the document, and later operations may change them.
    const own = structuredClone(patch) as jsonPatch.Operation[];
    const { newDocument } = jsonPatch.applyPatch(value, own, true, false);
    // That throws where a value was moved into itself.
    return { value: JSON.parse(JSON.stringify(newDocument)) };
  } catch {
    return undefined;
  }
}

/** What leads from one state to the next, where that is less than the next one and does lead there. */
function shorterDelta(before: unknown, next: unknown): JsonPatch | undefined {
  if (!isContainer(before) || !isContainer(next) || Array.isArray(before) !== Array.isArray(next)) {
    return undefined;
  }
  const delta = jsonPatch.compare(before, next) as JsonPatch;
  const json = JSON.stringify(next);
  if (JSON.stringify(delta).length >= json.length && delta.length > 0) return undefined;
  const reached = applied(before, delta);
  return reached !== undefined && jsonPatch.compare(reached, { value: next }).length === 0
    ? delta
    : undefined;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
