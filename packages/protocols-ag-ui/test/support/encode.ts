import type { LogEntry } from "@agentscope-runtime/core";
import {
  type AgUiEvent,
  type AgUiEventState,
  newAgUiEventState,
  toAgUiEvents,
} from "@agentscope-runtime/protocols-ag-ui";
import { run } from "./run-entries.ts";

/** The events of those entries. */
export function encode(
  entries: readonly Pick<LogEntry, "event">[],
  state: AgUiEventState = newAgUiEventState(run),
): readonly AgUiEvent[] {
  return entries.flatMap((entry) => toAgUiEvents(entry, state));
}
