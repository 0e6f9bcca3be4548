import type { AgentError } from "@agentscope-runtime/agent-api";
import type { CancelRequest } from "../contracts/run-store.ts";
import type { Task, TaskRecord, TaskStatus } from "../contracts/task-queue.ts";
import type { ResolvedTask } from "./resolved-task.ts";

/** What came of a task. */
export interface TaskOutcome {
  readonly json?: string | undefined;
  readonly error?: AgentError | undefined;
}

/** What a task was added as, but for its input. */
export type TaskSpec = Omit<ResolvedTask, "inputJson">;

/** A task as the in-memory queue keeps it. */
export class StoredTask {
  readonly id: string;
  readonly spec: TaskSpec;
  /** Rises from one task to the next. */
  readonly place: number;
  readonly #createdAt: number;
  readonly #ended = Promise.withResolvers<Task>();
  status: TaskStatus = "waiting";
  attempt = 0;
  dueAt: number | undefined;
  startedAt: number | undefined;
  completedAt: number | undefined;
  /** Rises from one that has ended to the next. */
  endedAs = 0;
  cancel: CancelRequest | undefined;
  /** Aborts the attempt at work. */
  abort: AbortController | undefined;
  /** Ends the wait for the next attempt. */
  timer: NodeJS.Timeout | undefined;
  #inputJson: string | undefined;
  #resultJson: string | undefined;
  #error: AgentError | undefined;

  constructor(spec: ResolvedTask, place: number, createdAt: number) {
    const { inputJson, ...rest } = spec;
    this.id = spec.id;
    this.spec = rest;
    this.#inputJson = inputJson;
    this.place = place;
    this.#createdAt = createdAt;
    // Nobody may be waiting for it.
    this.#ended.promise.catch(() => undefined);
  }

  /** Resolves when the task has ended; rejects where that is not going to be known. */
  get ended(): Promise<Task> {
    return this.#ended.promise;
  }

  /** How many characters of JSON it holds. */
  get length(): number {
    return (this.#inputJson?.length ?? 0) + (this.#resultJson?.length ?? 0);
  }

  /** A copy of the input. */
  input(): unknown {
    return this.#inputJson === undefined ? undefined : JSON.parse(this.#inputJson);
  }

  end(now: number, status: "completed" | "failed" | "canceled", { json, error }: TaskOutcome = {}): void {
    this.status = status;
    this.completedAt = now;
    this.dueAt = undefined;
    this.#inputJson = undefined;
    this.#resultJson = json;
    this.#error = error;
    this.#ended.resolve(this.toTask());
  }

  /** Lets go of it, whatever it is at. */
  abandon(reason: Error): void {
    clearTimeout(this.timer);
    this.#ended.reject(reason);
  }

  toRecord(): TaskRecord {
    const { name, userId } = this.spec;
    return defined({
      name,
      id: this.id,
      status: this.status,
      userId,
      attempt: this.attempt,
      createdAt: this.#createdAt,
      dueAt: this.dueAt,
      startedAt: this.startedAt,
      completedAt: this.completedAt,
      error: this.#error,
      cancel: this.cancel,
    });
  }

  toTask(): Task {
    const record = this.toRecord();
    return this.#resultJson === undefined ? record : { ...record, result: JSON.parse(this.#resultJson) };
  }
}

function defined<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Value;
}
