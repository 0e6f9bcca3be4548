import { setTimeout as sleep } from "node:timers/promises";
import {
  type AgentRequest,
  type AgentResponse,
  isTerminal,
  newResponseId,
  type ResolvedAgentRequest,
} from "@agentscope-runtime/agent-api";
import { MessageAssembler } from "../assembler/message-assembler.ts";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { Logger } from "../contracts/logger.ts";
import type { Page } from "../contracts/page.ts";
import type {
  CancelRequest,
  Idempotency,
  ListRunsOptions,
  ReadRunOptions,
  RunRecord,
  RunStore,
} from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { shuttingDown } from "../errors/shutting-down.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import { RunExecution } from "./run-execution.ts";

/** Who asks, as `authenticate` says; without it nobody in particular. */
export interface Caller {
  readonly userId?: string | undefined;
}

export interface StartRunOptions {
  readonly caller?: Caller | undefined;
  readonly idempotency?: Idempotency | undefined;
}

export interface StartedRun {
  readonly run: RunRecord;
  /** True where an idempotency key led to a run that exists already. */
  readonly replayed: boolean;
}

export interface RunsOptions {
  readonly store: RunStore;
  readonly log: Logger;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** Starts runs, and gives access to the runs of a store: every protocol goes through here. */
export class Runs {
  readonly #store: RunStore;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #owner = crypto.randomUUID();
  readonly #executions = new Map<string, { readonly agent: HostedAgent; readonly done: Promise<void> }>();
  readonly #admissions = new Set<Promise<StartedRun>>();
  #drained: Promise<void> | undefined;

  constructor({ store, log, now = Date.now }: RunsOptions) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
  }

  /** True once no new runs are taken on. */
  get draining(): boolean {
    return this.#drained !== undefined;
  }

  /** Takes a run on. It goes on by itself: what comes of it is in its log. */
  async start(agent: HostedAgent, request: AgentRequest, options: StartRunOptions = {}): Promise<StartedRun> {
    if (this.draining) throw shuttingDown();
    if (this.#executions.size + this.#admissions.size >= agent.limits.maxActiveRuns) {
      throw new RuntimeError("QUEUE_FULL", "Too many runs are at work: try again later.", { retryAfter: 1 });
    }
    const admission = this.#admit(agent, request, options);
    this.#admissions.add(admission);
    return admission.finally(() => this.#admissions.delete(admission));
  }

  async #admit(agent: HostedAgent, request: AgentRequest, options: StartRunOptions): Promise<StartedRun> {
    const { caller = {}, idempotency } = options;
    const resolved = await this.#resolve(agent, request, caller);
    const msgs = convert(agent, resolved);
    const { id, session_id: sessionId, user_id: userId } = resolved;
    const assembler = new MessageAssembler({ responseId: id, sessionId, now: this.#now });
    assembler.status("created");
    const [created] = assembler.take();
    const scope = JSON.stringify([agent.name, caller.userId ?? request.user_id, idempotency?.key]);
    const result = await this.#store.create({
      session: { agent: agent.name, userId, sessionId },
      request: resolved,
      createdAt: this.#now(),
      created: created as LogEntry,
      policy: agent.limits.sessionPolicy,
      maxQueued: agent.limits.maxQueuedRuns,
      idempotency: idempotency === undefined ? undefined : { ...idempotency, key: scope },
      owner: this.#owner,
    });
    if (result.kind === "replayed") return { run: assertKept(result.run), replayed: true };

    const { run, lease, ahead } = result;
    const log = this.#log.child({ run_id: id, session_id: sessionId, agent: agent.name });
    const execution = new RunExecution({ agent, run, lease, msgs, assembler, store: this.#store, log });
    const done = execution.execute(ahead).finally(() => this.#executions.delete(id));
    this.#executions.set(id, { agent, done });
    log.info({ ahead }, "the run was taken on");
    return { run, replayed: false };
  }

  /** The run, if the caller may see it; `RESOURCE_NOT_FOUND` otherwise, `RUN_EXPIRED` if its events are gone. */
  async get(agent: string, runId: string, caller: Caller = {}): Promise<RunRecord> {
    const run = await this.#store.get(runId);
    const visible =
      run?.session.agent === agent && (caller.userId === undefined || run.session.userId === caller.userId);
    if (run === undefined || !visible)
      throw new RuntimeError("RESOURCE_NOT_FOUND", `There is no run ${runId}.`);
    return assertKept(run);
  }

  /** The runs that fit, the newest first; a caller with an id sees their own only, and may ask for no others. */
  async list(options: ListRunsOptions, caller: Caller = {}): Promise<Page<RunRecord>> {
    if (caller.userId === undefined) return this.#store.list(options);
    assertSelf(options.userId, caller.userId);
    return this.#store.list({ ...options, userId: caller.userId });
  }

  /** The entries of a run, each once and in order. */
  read(runId: string, options: ReadRunOptions): AsyncIterable<readonly LogEntry[]> {
    return this.#store.read(runId, options);
  }

  /** Asks for the run to be canceled; an ended run stays as it is. */
  cancel(runId: string, cancel: CancelRequest): Promise<RunRecord> {
    return this.#store.requestCancel(runId, cancel);
  }

  /** Waits for the run's end and resolves to its terminal event, or to `undefined` if `signal` aborts first. */
  async result(runId: string, signal?: AbortSignal): Promise<AgentResponse | undefined> {
    const record = await this.#store.get(runId);
    const after = (record?.lastSeq ?? 0) - 1;
    let last: LogEntry | undefined;
    for await (const batch of this.#store.read(runId, { after, follow: true, signal })) last = batch.at(-1);
    const event = last?.event;
    return event?.object === "response" && isTerminal(event.status) ? event : undefined;
  }

  /**
   * Takes on no more runs, and resolves when none is left: those that run get `grace` milliseconds to end by
   * themselves, then they are canceled.
   */
  drain(grace: number): Promise<void> {
    this.#drained ??= this.#drain(grace);
    return this.#drained;
  }

  async #drain(grace: number): Promise<void> {
    const settled = async () => {
      await Promise.allSettled(this.#admissions);
      await Promise.all([...this.#executions.values()].map(({ done }) => done));
    };
    const over = new AbortController();
    const timeout = (ms: number) => sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([settled(), timeout(grace)]);
    const left = [...this.#executions];
    await Promise.all(left.map(([id]) => this.#cancelAtDrain(id)));
    const longest = Math.max(0, ...left.map(([, { agent }]) => agent.limits.cancelGrace));
    await Promise.race([settled(), timeout(longest + SETTLE_AT_DRAIN)]);
    over.abort();
    if (this.#executions.size > 0) {
      this.#log.warn(
        { runs: [...this.#executions.keys()] },
        "some handlers have not returned before the end",
      );
    }
  }

  async #cancelAtDrain(id: string): Promise<void> {
    try {
      await this.#store.requestCancel(id, { reason: "The server is shutting down." });
    } catch (error) {
      this.#log.error({ err: error, run_id: id }, "the run could not be canceled at the end");
    }
  }

  async #resolve(agent: HostedAgent, request: AgentRequest, caller: Caller): Promise<ResolvedAgentRequest> {
    if (caller.userId !== undefined) assertSelf(request.user_id || undefined, caller.userId);
    const waiting =
      request.continues === undefined ? undefined : await this.get(agent.name, request.continues, caller);
    if (waiting !== undefined) assertWaiting(waiting, request);
    const sessionId = request.session_id || waiting?.session.sessionId || crypto.randomUUID();
    const userId = caller.userId || request.user_id || waiting?.session.userId || sessionId;
    return { ...request, id: request.id || newResponseId(), session_id: sessionId, user_id: userId };
  }
}

/** How long a shutdown waits for canceled handlers to return, in milliseconds beyond the cancel grace. */
const SETTLE_AT_DRAIN = 2000;

function assertSelf(named: string | undefined, userId: string): void {
  if (named === undefined || named === userId) return;
  throw new RuntimeError("ACCESS_DENIED", "user_id names somebody else than the credentials do.");
}

function assertKept(run: RunRecord): RunRecord {
  if (!run.expired) return run;
  throw new RuntimeError("RUN_EXPIRED", `The events of run ${run.id} are no longer kept.`);
}

function assertWaiting({ id, status, session }: RunRecord, request: AgentRequest): void {
  if (status !== "incomplete") {
    throw new RuntimeError(
      "INVALID_PARAMETER",
      `continues names run ${id}, which is ${status} and waits for nothing.`,
    );
  }
  if (request.session_id && request.session_id !== session.sessionId) {
    throw new RuntimeError("INVALID_PARAMETER", `continues names run ${id}, which is of another session.`);
  }
}

function convert(agent: HostedAgent, request: ResolvedAgentRequest): unknown {
  try {
    return agent.adapter.toInput(request.input);
  } catch (error) {
    const message = `The ${agent.adapter.name} adapter can't convert this input.`;
    throw RuntimeError.from(error, "INPUT_NOT_CONVERTIBLE", message);
  }
}
