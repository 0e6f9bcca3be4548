import type { SendMessageRequest } from "@a2a-js/sdk";
import { RequestMalformedError, TaskNotCancelableError, UnsupportedOperationError } from "@a2a-js/sdk/errors";
import { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type CancelRequest,
  type HostedAgent,
  type LogEntry,
  type RunRecord,
  type Runs,
  RuntimeError,
} from "@agentscope-runtime/core";
import type { A2ACall } from "./a2a-call.ts";
import type { A2AEvent, A2ATask } from "./a2a-task.ts";
import { type Chain, findChain, readTask, withHistory } from "./task-runs.ts";
import { newA2AEventState, toA2AEvents } from "./to-a2a-event.ts";
import { isEnded, isInterrupted } from "./to-a2a-status.ts";
import { assertHistoryLength, toAgentRequest } from "./to-agent-request.ts";

export interface A2ATasksOptions {
  readonly runs: () => Runs;
  readonly agent: () => HostedAgent;
  readonly progress: boolean;
  /** Is told of each run before anybody reads it. */
  readonly onStart: (task: StartedTask) => Promise<void>;
}

/** A run that a message has started, or the cancellation of a task that waited for one. */
export interface StartedTask {
  readonly taskId: string;
  readonly run: RunRecord;
  readonly params?: SendMessageRequest;
  readonly call: A2ACall;
}

type Batches = AsyncIterable<readonly A2AEvent[]>;

/** The tasks of one agent: each is a chain of runs, and nothing is known of it but what is in their log. */
export class A2ATasks {
  readonly #options: A2ATasksOptions;

  constructor(options: A2ATasksOptions) {
    this.#options = options;
  }

  /** Starts a run, and resolves to the task when that has ended, or at once if the client wants that. */
  async send(params: SendMessageRequest, call: A2ACall): Promise<A2ATask> {
    const { run, before } = await this.#start(params, call);
    const { returnImmediately, historyLength } = params.configuration ?? {};
    if (!returnImmediately) await this.#runs.result(run.id, call.signal);
    const now = await this.#runs.get(run.session.agent, run.id, call.caller);
    return withHistory(await this.#read([...before, now], call), lengthOf(historyLength, call));
  }

  /** Starts a run, and gives the task and what becomes of it. */
  async stream(params: SendMessageRequest, call: A2ACall): Promise<Batches> {
    const { run, before } = await this.#start(params, call);
    const earlier = await readTask(this.#runs, before, call.signal);
    const entries = this.#runs.read(run.id, { follow: true, signal: call.signal });
    return this.#encode({
      run,
      earlier,
      entries,
      historyLength: lengthOf(params.configuration?.historyLength, call),
    });
  }

  async get(taskId: string, historyLength: number | undefined, call: A2ACall): Promise<A2ATask> {
    assertHistoryLength(historyLength);
    return withHistory(await this.#read(await this.#find(taskId, call), call), lengthOf(historyLength, call));
  }

  /** Gives the task as it is now and what becomes of it, until it ends or waits for its client. */
  async subscribe(taskId: string, call: A2ACall): Promise<Batches> {
    const chain = await this.#find(taskId, call);
    const run = chain.at(-1) ?? chain[0];
    call.assertRoom();
    if (run.completedAt !== undefined) {
      const task = await this.#read(chain, call);
      if (isEnded(task.status.state)) {
        throw new UnsupportedOperationError(`Task ${taskId} has ended: there is nothing to subscribe to.`);
      }
      return one([{ task }]);
    }
    const earlier = await readTask(this.#runs, chain.slice(0, -1), call.signal);
    return this.#encode({ run, earlier, entries: this.#runs.join(run, call.signal) });
  }

  /** Cancels the task, and resolves to it when it has ended. */
  async cancel(taskId: string, call: A2ACall): Promise<A2ATask> {
    const chain = await this.#find(taskId, call);
    const run = chain.at(-1) ?? chain[0];
    const reason = "The task was canceled.";
    if (run.completedAt === undefined) {
      await this.#runs.cancel(run.id, { reason });
      await this.#runs.result(run.id, call.signal);
    } else if (isInterrupted((await this.#read(chain, call)).status.state)) {
      const request = AgentRequest.parse({ input: [] });
      await this.#continue({ request, taskId, last: run, messageId: "", call, cancel: { reason } });
    }
    const task = await this.#read(await this.#find(taskId, call), call);
    if (task.status.state === "TASK_STATE_CANCELED") return task;
    throw new TaskNotCancelableError(`Task ${taskId} can't be canceled: ${whyNot(task)}.`);
  }

  /** The runs of a task. Throws `TaskNotFoundError`. */
  async #find(taskId: string, { caller }: A2ACall): Promise<Chain> {
    return findChain(this.#runs, this.#options.agent().name, taskId, caller);
  }

  async #read(chain: readonly RunRecord[], { signal }: A2ACall): Promise<A2ATask> {
    const task = await readTask(this.#runs, chain, signal);
    if (task !== undefined) return task;
    throw new RuntimeError("SERVICE_UNAVAILABLE", "The call was broken off.");
  }

  async #start(params: SendMessageRequest, call: A2ACall): Promise<Started> {
    assertHistoryLength(params.configuration?.historyLength);
    const { request, taskId } = toAgentRequest(params);
    call.assertRoom();
    if (taskId !== "") return this.#answer(request, taskId, params, call);
    const { caller, idempotency } = call;
    const { run, replayed } = await this.#runs.start(this.#options.agent(), request, { caller, idempotency });
    if (!replayed) await this.#tell({ taskId: run.id, run, params, call });
    return { run, before: [] };
  }

  async #answer(
    request: AgentRequest,
    taskId: string,
    params: SendMessageRequest,
    call: A2ACall,
  ): Promise<Started> {
    const chain = await this.#find(taskId, call);
    const last = chain.at(-1) ?? chain[0];
    if (request.session_id !== null && request.session_id !== last.session.sessionId) {
      throw new RequestMalformedError(`Task ${taskId} is of another context than message.contextId says.`);
    }
    // A message that is sent again meets the run that it started.
    const messageId = params.message?.messageId ?? "";
    const isKnown = chain.length > 1 && last.request.input.some(({ id }) => id === messageId);
    if (isKnown) return { run: last, before: chain.slice(0, -1) };
    const task = await this.#read(chain, call);
    if (!isInterrupted(task.status.state)) {
      throw new UnsupportedOperationError(`Task ${taskId} takes no message: ${whyNot(task)}.`);
    }
    const run = await this.#continue({ request, taskId, last, messageId, params, call });
    return { run, before: chain };
  }

  /** Starts the run that answers the last one of a task. */
  async #continue({ request, taskId, last, messageId, params, call, cancel }: Answer): Promise<RunRecord> {
    const answer = { ...request, session_id: last.session.sessionId, continues: last.id };
    // Of two answers that come at once, one counts.
    const idempotency = { key: `a2a answer to ${last.id}`, fingerprint: messageId };
    const { caller } = call;
    const started = this.#runs.start(this.#options.agent(), answer, { caller, idempotency, cancel });
    const { run, replayed } = await started.catch((error) => {
      if (!(RuntimeError.is(error) && error.code === "IDEMPOTENCY_MISMATCH")) throw error;
      throw new UnsupportedOperationError(`Task ${taskId} takes no message: it was answered already.`);
    });
    if (!replayed) await this.#tell({ taskId, run, call, ...(params === undefined ? {} : { params }) });
    return run;
  }

  /** A run whose events can't be told as the client wants it is not what the client has asked for. */
  async #tell(started: StartedTask): Promise<void> {
    try {
      await this.#options.onStart(started);
    } catch (error) {
      await this.#runs.cancel(started.run.id, { reason: "Its notifications can't be sent." });
      throw error;
    }
  }

  async *#encode({ run, earlier, entries, historyLength }: Encoding): AsyncGenerator<readonly A2AEvent[]> {
    const state = newA2AEventState(run, { earlier, progress: this.#options.progress });
    for await (const batch of entries) {
      const events: A2AEvent[] = [];
      for (const entry of batch) {
        for (const event of toA2AEvents(entry, state)) events.push(trim(event, historyLength));
      }
      if (events.length > 0) yield events;
    }
  }

  get #runs(): Runs {
    return this.#options.runs();
  }
}

interface Started {
  readonly run: RunRecord;
  /** The runs of the task before that one. */
  readonly before: readonly RunRecord[];
}

interface Answer {
  readonly request: AgentRequest;
  readonly taskId: string;
  /** The run that is answered. */
  readonly last: RunRecord;
  readonly messageId: string;
  readonly params?: SendMessageRequest;
  readonly call: A2ACall;
  readonly cancel?: CancelRequest;
}

interface Encoding {
  readonly run: RunRecord;
  readonly earlier: A2ATask | undefined;
  readonly entries: AsyncIterable<readonly LogEntry[]>;
  readonly historyLength?: number | undefined;
}

function lengthOf(length: number | undefined, { zeroIsNothing }: A2ACall): number | undefined {
  return zeroIsNothing && length === 0 ? undefined : length;
}

function trim(event: A2AEvent, historyLength: number | undefined): A2AEvent {
  return "task" in event ? { task: withHistory(event.task, historyLength) } : event;
}

async function* one<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}

function whyNot({ status: { state } }: A2ATask): string {
  if (isEnded(state)) return `it has ended as ${state}`;
  return isInterrupted(state)
    ? "it waits for an answer and does no work"
    : "it is at work and asks for nothing";
}
