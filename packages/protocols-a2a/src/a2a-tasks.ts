import type { SendMessageRequest } from "@a2a-js/sdk";
import { RequestMalformedError, TaskNotCancelableError, UnsupportedOperationError } from "@a2a-js/sdk/errors";
import { AgentRequest, newResponseId } from "@agentscope-runtime/agent-api";
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
import type { TaskKey } from "./push-configs.ts";
import type { PushNotifications } from "./push-notifications.ts";
import type { PushPlace } from "./push-progress.ts";
import { type Chain, findChain, readTask, withHistory } from "./task-runs.ts";
import { newA2AEventState, toA2AEvents } from "./to-a2a-event.ts";
import { isEnded, isInterrupted } from "./to-a2a-status.ts";
import { assertHistoryLength, toAgentRequest } from "./to-agent-request.ts";

export interface A2ATasksOptions {
  readonly runs: () => Runs;
  readonly agent: () => HostedAgent;
  readonly progress: boolean;
  readonly push: () => PushNotifications;
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
      await this.#continue({ request, taskId, last: run, call, cancel: { reason } });
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
    const { caller } = call;
    const id = newResponseId();
    const sessionId = request.session_id ?? crypto.randomUUID();
    const named = { ...request, id, session_id: sessionId };
    const task: TaskKey = {
      agent: this.#options.agent().name,
      userId: caller.userId ?? sessionId,
      taskId: id,
    };
    const isKept = await this.#keepWish(params, call, task, { runId: id, seq: -1 });
    const idempotency = call.idempotency(params);
    let isNew = false;
    try {
      const started = await this.#runs.start(this.#options.agent(), named, { caller, idempotency });
      isNew = !started.replayed;
      if (isKept) this.#options.push().tell(started.run);
      return { run: started.run, before: [] };
    } finally {
      if (isKept && !isNew) await this.#options.push().forget(task);
    }
  }

  async #answer(
    request: AgentRequest,
    taskId: string,
    params: SendMessageRequest,
    call: A2ACall,
  ): Promise<Started> {
    const chain = await this.#find(taskId, call);
    const last = chain.at(-1) ?? chain[0];
    const { agent, userId, sessionId } = last.session;
    if (request.session_id !== null && request.session_id !== sessionId) {
      throw new RequestMalformedError(`Task ${taskId} is of another context than message.contextId says.`);
    }
    // A message that is sent again meets the task as its answer has left it.
    const isKnown = chain.slice(1).some((run) => run.request.message_id === request.message_id);
    if (isKnown) return { run: last, before: chain.slice(0, -1) };
    const task = await this.#read(chain, call);
    if (!isInterrupted(task.status.state)) {
      throw new UnsupportedOperationError(`Task ${taskId} takes no message: ${whyNot(task)}.`);
    }
    await this.#assertAsked(request, last, call);
    await this.#keepWish(params, call, { agent, userId, taskId }, { runId: last.id, seq: last.lastSeq });
    const run = await this.#continue({ request, taskId, last, call });
    return { run, before: chain };
  }

  /** Keeps what a client wants to be told before the run is there: what can't be told, it has not asked for. */
  async #keepWish(
    { configuration }: SendMessageRequest,
    { version }: A2ACall,
    task: TaskKey,
    from: PushPlace,
  ): Promise<boolean> {
    const input = configuration?.taskPushNotificationConfig;
    if (input === undefined) return false;
    await this.#options.push().save({ task, input, version, from });
    return true;
  }

  /** Refuses an approval that the task does not wait for. */
  async #assertAsked({ input }: AgentRequest, last: RunRecord, { signal }: A2ACall): Promise<void> {
    const given = input.filter(({ type }) => type === "mcp_approval_response");
    if (given.length === 0) return;
    const response = await this.#runs.result(last.id, signal);
    const open: readonly unknown[] = response?.incomplete_details?.request_ids ?? [];
    for (const { content } of given) {
      const slot = content?.[0];
      const id = slot?.type === "data" ? slot.data?.approval_request_id : undefined;
      if (!open.includes(id)) throw new RequestMalformedError(`Nothing waits for the approval of ${id}.`);
    }
  }

  /** Starts the run that answers the last one of a task. */
  async #continue({ request, taskId, last, call, cancel }: Answer): Promise<RunRecord> {
    const answer = { ...request, session_id: last.session.sessionId, continues: last.id };
    // A message that comes twice at once is one answer.
    const key = `a2a message ${request.message_id ?? ""} to ${last.id}`;
    const idempotency = { key, fingerprint: "" };
    const { caller } = call;
    const started = this.#runs.start(this.#options.agent(), answer, { caller, idempotency, cancel });
    const { run } = await started.catch((error) => {
      if (!(RuntimeError.is(error) && error.code === "RUN_ANSWERED")) throw error;
      throw new UnsupportedOperationError(`Task ${taskId} takes no message: it was answered already.`);
    });
    return run;
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
