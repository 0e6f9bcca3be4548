import { type AgentRequest, type AgentResponse, isTerminal } from "@agentscope-runtime/agent-api";
import { MessageAssembler } from "../assembler/message-assembler.ts";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { Logger } from "../contracts/logger.ts";
import type { Page } from "../contracts/page.ts";
import type { RunDispatcher } from "../contracts/run-dispatcher.ts";
import type {
  CancelRequest,
  CreateResult,
  Idempotency,
  ListRunsOptions,
  NewRun,
  ReadRunOptions,
  RunLease,
  RunRecord,
  RunStore,
  RunSummary,
} from "../contracts/run-store.ts";
import { hasCode } from "../errors/has-code.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { shuttingDown } from "../errors/shutting-down.ts";
import { AnswerFormats } from "./answer-formats.ts";
import { assertSelf } from "./assert-self.ts";
import { drainRuns } from "./drain-runs.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import { joinRun } from "./join-run.ts";
import { resolveRequest } from "./resolve-request.ts";
import type { ExecutionEnd } from "./run-execution.ts";
import { RunExecutions } from "./run-executions.ts";
import { RunKeeper } from "./run-keeper.ts";
import { type RunListener, RunListeners } from "./run-listeners.ts";
import { canceledOutcome } from "./run-outcome.ts";
import { RunRecovery } from "./run-recovery.ts";
import { isDeletion, SessionDeletion } from "./session-deletion.ts";
import { Sessions } from "./sessions.ts";
import { Snapshots } from "./snapshots.ts";
import { toInput } from "./to-input.ts";

/** Who asks, as `authenticate` says; without it nobody in particular. */
export interface Caller {
  readonly userId?: string | undefined;
}

export interface StartRunOptions {
  readonly caller?: Caller | undefined;
  readonly idempotency?: Idempotency | undefined;
  /**
   * Ends the run before it begins: its handler is not called, and it takes no turn in its session, but what it `continues`
   * has found its answer. The input is taken as it is.
   */
  readonly cancel?: CancelRequest | undefined;
}

export interface StartedRun {
  readonly run: RunRecord;
  /** True where an idempotency key led to a run that exists already. */
  readonly replayed: boolean;
}

export interface RunsOptions {
  readonly store: RunStore;
  readonly log: Logger;
  /** By name: whose runs to go on with when their process has died. */
  readonly agents?: ReadonlyMap<string, HostedAgent> | undefined;
  /** Hands runs to those who execute them; without it they are executed here. */
  readonly dispatcher?: RunDispatcher | undefined;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** Starts runs, and gives access to the runs of a store: every protocol goes through here. */
export class Runs {
  /** The sessions that runs are part of. */
  readonly sessions: Sessions;
  readonly #store: RunStore;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #agents: ReadonlyMap<string, HostedAgent>;
  readonly #dispatcher: RunDispatcher | undefined;
  readonly #owner = crypto.randomUUID();
  readonly #formats = new AnswerFormats();
  readonly #executions: RunExecutions;
  /** Of runs that come to this process by themselves, and of those that it is told to execute. */
  readonly #recovery: RunRecovery;
  readonly #claimed: RunRecovery;
  readonly #keeper: RunKeeper;
  readonly #snapshots: Snapshots;
  readonly #listeners: RunListeners;
  readonly #admissions = new Set<Promise<unknown>>();
  #drained: Promise<void> | undefined;

  constructor({ store, log, agents = new Map(), dispatcher, now = Date.now }: RunsOptions) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
    this.#agents = agents;
    this.#dispatcher = dispatcher;
    this.#snapshots = new Snapshots(store);
    this.#listeners = new RunListeners(log);
    const onEnd = (lease: RunLease, end: ExecutionEnd) => this.#ended(lease, end);
    this.#executions = new RunExecutions({ store, formats: this.#formats, log, onEnd });
    const claim = (runId: string) => this.#claim(runId);
    const executes = () => dispatcher === undefined && !this.draining;
    const recovery = { store, executions: this.#executions, log, now, claim };
    this.#recovery = new RunRecovery({ ...recovery, executes });
    this.#claimed = new RunRecovery({ ...recovery, executes: () => !this.draining });
    this.#keeper = new RunKeeper({
      store,
      owner: this.#owner,
      agents,
      executions: this.#executions,
      recovery: this.#recovery,
      log,
      claim,
    });
    const deletion = new SessionDeletion({
      store,
      owner: this.#owner,
      now,
      cancel: (runId, cancel) => this.cancel(runId, cancel),
      onEnd,
    });
    this.sessions = new Sessions((agent, session) => this.#admitted(() => deletion.delete(agent, session)));
  }

  /** Begins to hold on to this process's runs, and to look after those of processes that have died. */
  open(): void {
    this.#keeper.start();
  }

  /** True once no new runs are taken on. */
  get draining(): boolean {
    return this.#drained !== undefined;
  }

  /**
   * Calls `listener` once for each run that this process creates from now on, whichever protocol or task asked for it, before
   * its handler is called. A replay is no new run; nor is one that was created although the store's answer was lost. What it
   * throws is logged. Returns what ends it.
   */
  onStart(listener: RunListener): () => void {
    return this.#listeners.add(listener);
  }

  /** Takes a run on. It goes on by itself: what comes of it is in its log. */
  async start(agent: HostedAgent, request: AgentRequest, options: StartRunOptions = {}): Promise<StartedRun> {
    return this.#admitted(() => this.#admit(agent, request, options));
  }

  /** Does what a shutdown waits for. */
  async #admitted<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.draining) throw shuttingDown();
    const admission = work();
    this.#admissions.add(admission);
    return admission.finally(() => this.#admissions.delete(admission));
  }

  async #admit(agent: HostedAgent, request: AgentRequest, options: StartRunOptions): Promise<StartedRun> {
    if (this.#executions.size + this.#admissions.size >= agent.limits.maxActiveRuns) {
      throw new RuntimeError("QUEUE_FULL", "Too many runs are at work: try again later.", { retryAfter: 1 });
    }
    const { caller = {}, idempotency, cancel } = options;
    const resolved = await resolveRequest(this, agent.name, request, caller);
    await this.#formats.assertUsable(resolved);
    const msgs = cancel === undefined ? toInput(agent, resolved) : undefined;
    const { id, session_id: sessionId, user_id: userId } = resolved;
    const assembler = new MessageAssembler({ responseId: id, sessionId, now: this.#now });
    assembler.status("created");
    const [created] = assembler.take();
    const canceled = cancel && { cancel, entry: assembler.terminal(canceledOutcome(cancel)) };
    const scope = JSON.stringify([agent.name, caller.userId ?? request.user_id, idempotency?.key]);
    const result = await this.#create({
      session: { agent: agent.name, userId, sessionId },
      request: resolved,
      createdAt: this.#now(),
      created: created as LogEntry,
      policy: agent.limits.sessionPolicy,
      maxQueued: agent.limits.maxQueuedRuns,
      idempotency: idempotency === undefined ? undefined : { ...idempotency, key: scope },
      owner: this.#dispatcher === undefined && canceled === undefined ? this.#owner : undefined,
      canceled,
    });
    if (result.kind === "replayed") return { run: assertKept(result.run), replayed: true };

    const { run, lease, ahead } = result;
    this.#listeners.tell(run);
    // What was canceled has ended.
    if (canceled !== undefined) return { run, replayed: false };
    if (this.#dispatcher === undefined) {
      this.#executions.start({ agent, run, lease, msgs, assembler, queued: ahead > 0 });
    } else if (ahead === 0) {
      await this.#claim(id);
    }
    return { run, replayed: false };
  }

  async #create(run: NewRun): Promise<CreateResult> {
    try {
      return await this.#store.create(run);
    } catch (error) {
      const refused = RuntimeError.is(error) && error.status < 500;
      // It may be there all the same, and whoever asked with a key will ask for it again.
      if (!refused) this.#keeper.tendLater({ runId: run.request.id, owner: this.#owner, cause: "cut off" });
      throw error;
    }
  }

  /** Runs a handler for a run that nobody owns yet; resolves when its session is free again. */
  async take(runId: string): Promise<void> {
    await this.#admitted(() => this.#take(runId));
    await this.#executions.settled(runId);
  }

  async #take(runId: string): Promise<void> {
    const run = await this.#store.get(runId);
    const agent = this.#agents.get(run?.session.agent ?? "");
    if (run === undefined || agent === undefined || run.owner !== undefined) return;
    try {
      const lease = await this.#store.acquire(runId, this.#owner, { unclaimed: true });
      await this.#claimed.resume(agent, { run, lease }, "died");
    } catch (error) {
      if (!hasCode(error, "FENCED")) {
        this.#keeper.tendLater({ runId, owner: this.#owner, cause: "cut off" });
        throw error;
      }
    }
  }

  /** Has a run taken on that nobody owns. What fails here is done again later. */
  async #claim(runId: string): Promise<void> {
    const failed = (error: unknown) =>
      this.#log.error({ err: error, run_id: runId }, "the run could not be taken on yet");
    try {
      if (this.#dispatcher === undefined) {
        // Others will find it, if there are any.
        if (!this.draining) this.take(runId).catch(failed);
        return;
      }
      const run = await this.#store.get(runId);
      if (run !== undefined) await this.#dispatcher.dispatch(run.session.agent, runId);
    } catch (error) {
      failed(error);
    }
  }

  async #ended(lease: RunLease, { settled, fence, next }: ExecutionEnd): Promise<void> {
    const { runId, owner } = lease;
    if (!settled) this.#keeper.tendLater({ runId, owner, lease, fence, cause: "cut off" });
    if (next !== undefined) await this.#claim(next);
  }

  /** The run, if the caller may see it; `RESOURCE_NOT_FOUND` otherwise, `RUN_EXPIRED` if its events are gone. */
  async get(agent: string, runId: string, caller: Caller = {}): Promise<RunRecord> {
    const run = await this.#store.get(runId);
    const isTheirs = caller.userId === undefined || run?.session.userId === caller.userId;
    if (run?.session.agent !== agent || !isTheirs || isDeletion(run))
      throw new RuntimeError("RESOURCE_NOT_FOUND", `There is no run ${runId}.`);
    return assertKept(run);
  }

  /**
   * The runs that fit, the newest first, without their inputs; a caller with an id sees their own only, and may ask for
   * no others. A page may be shorter than its limit, but is never empty where another one follows.
   */
  async list(options: ListRunsOptions, caller: Caller = {}): Promise<Page<RunSummary>> {
    if (caller.userId !== undefined) assertSelf(options.userId, caller.userId);
    const userId = caller.userId ?? options.userId;
    let { cursor } = options;
    for (;;) {
      const page = await this.#store.list({ ...options, userId, cursor });
      const items = page.items.filter((run) => !isDeletion(run));
      cursor = page.nextCursor;
      if (items.length > 0 || cursor === undefined) return { ...page, items };
    }
  }

  /** The entries of a run, each once and in order. */
  read(runId: string, options: ReadRunOptions): AsyncIterable<readonly LogEntry[]> {
    return this.#store.read(runId, options);
  }

  /** A snapshot, which stands for all entries up to its number, and then the entries that follow; see {@link joinRun}. */
  join(run: RunSummary, signal?: AbortSignal): AsyncIterable<readonly LogEntry[]> {
    return joinRun(this.#store, this.#snapshots, run, signal);
  }

  /** Asks for the run to be canceled; an ended run stays as it is. */
  async cancel(runId: string, cancel: CancelRequest): Promise<RunRecord> {
    const run = await this.#store.requestCancel(runId, cancel);
    const agent = this.#agents.get(run.session.agent);
    // Nobody is there yet to cancel it.
    const waits = run.startedAt === undefined && run.completedAt === undefined;
    if (run.owner === undefined && waits && agent !== undefined) {
      await this.#endUnclaimed(agent, run);
    }
    return run;
  }

  async #endUnclaimed(agent: HostedAgent, run: RunRecord): Promise<void> {
    try {
      const lease = await this.#store.acquire(run.id, this.#owner, { unclaimed: true });
      await this.#recovery.cancel(agent, run, lease);
    } catch (error) {
      if (!hasCode(error, "FENCED")) throw error;
      // Somebody has taken it on meanwhile, and is told of the cancellation.
    }
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
   * Takes on no more runs, and resolves when none is left. Where runs outlive the process, those that only waited are
   * left to others. Those that run get `grace` milliseconds to end by themselves; then they are canceled, or left to
   * others if their handlers may be started again.
   */
  drain(grace: number): Promise<void> {
    const admitted = () => Promise.allSettled([this.#keeper.drain(), ...this.#admissions]);
    const options = { store: this.#store, executions: this.#executions, log: this.#log, admitted };
    this.#drained ??= drainRuns(options, grace).finally(() => this.#keeper.stop());
    return this.#drained;
  }
}

function assertKept(run: RunRecord): RunRecord {
  if (!run.expired) return run;
  throw new RuntimeError("RUN_EXPIRED", `The events of run ${run.id} are no longer kept.`);
}
