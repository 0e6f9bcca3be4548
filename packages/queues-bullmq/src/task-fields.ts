import type { AgentError } from "@agentscope-runtime/agent-api";
import type { CancelRequest, TaskRecord, TaskStatus } from "@agentscope-runtime/core";

/** A task's record as scripts return it: place, status, user, attempt, times, error, cancel. */
export type TaskFields = readonly (string | null)[];

/** What there is to know of a task, and where it stands among those of its name. */
export interface PlacedTask {
  /** Rises from one task to the next. */
  readonly place: number;
  readonly record: TaskRecord;
}

export function toPlacedTask(name: string, idJson: string, fields: TaskFields): PlacedTask {
  const [place, status, user, attempt, createdAt, dueAt, startedAt, completedAt, error, cancel] = fields;
  const record: TaskRecord = {
    name,
    id: JSON.parse(idJson) as string,
    status: status as TaskStatus,
    userId: parse<string>(user),
    attempt: Number(attempt),
    createdAt: Number(createdAt),
    dueAt: parse<number>(dueAt),
    startedAt: parse<number>(startedAt),
    completedAt: parse<number>(completedAt),
    error: parse<AgentError>(error),
    cancel: parse<CancelRequest>(cancel),
  };
  return { place: Number(place), record: defined(record) };
}

function parse<Value>(json: string | null | undefined): Value | undefined {
  return json === null || json === undefined ? undefined : (JSON.parse(json) as Value);
}

function defined<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Value;
}
