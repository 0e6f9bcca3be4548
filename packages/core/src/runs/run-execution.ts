import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { MessageAssembler, RunOutcome } from "../assembler/message-assembler.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RunLease, RunRecord, RunStore } from "../contracts/run-store.ts";
import type { RunSessionHandle } from "../contracts/session-key.ts";
import { hasCode } from "../errors/has-code.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { AnswerFormats } from "./answer-formats.ts";
import { ForcedEnd } from "./forced-end.ts";
import { handlerItems } from "./handler-items.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import { inTime } from "./in-time.ts";
import { repeat } from "./repeat.ts";
import { RunHistory } from "./run-history.ts";
import { RunLogWriter } from "./run-log-writer.ts";
import { canceledOutcome, closingOf, failureOf, outcomeOf } from "./run-outcome.ts";
import { writeEnd } from "./write-end.ts";

export interface RunExecutionOptions {
  readonly agent: HostedAgent;
  readonly run: RunRecord;
  readonly lease: RunLease;
  /** The input in the framework's own words. */
  readonly msgs: unknown;
  readonly assembler: MessageAssembler;
  readonly store: RunStore;
  readonly formats: AnswerFormats;
  readonly log: Logger;
}

/** How an execution came to its end. */
export interface ExecutionEnd {
  /** False where the run has not ended, or not left its line, although that is this owner's to see to. */
  readonly settled: boolean;
  /** The fence of its session, if it had its turn. */
  readonly fence?: number | undefined;
  /** The id of the run whose turn it is now, if nobody owns that. */
  readonly next?: string | undefined;
}

/** One run from its creation to the moment its handler is done with. */
export class RunExecution {
  readonly #options: Omit<RunExecutionOptions, "msgs">;
  #msgs: unknown;
  readonly #writer: RunLogWriter;
  readonly #history: RunHistory;
  /** Aborts the handler, and with it all that waits only as long as the run lasts. */
  readonly #abort = new AbortController();
  readonly #forced = new ForcedEnd();
  #closed = false;
  /** Whose the run is when the handler is done with: still this owner's, another's, or nobody's. */
  #fate: "kept" | "lost" | "handed back" = "kept";
  #fence: number | undefined;
  #over = false;

  constructor({ msgs, ...options }: RunExecutionOptions) {
    this.#options = options;
    this.#msgs = msgs;
    this.#writer = new RunLogWriter(options.store, options.lease);
    this.#history = new RunHistory(options.agent, options.run);
  }

  /**
   * Runs the handler when it is the run's turn; `queued` says so to readers if it has to wait. Resolves when the session
   * is free again; never rejects.
   */
  async execute({ queued }: { readonly queued: boolean }): Promise<ExecutionEnd> {
    const { agent, log } = this.#options;
    this.#watchCancel();
    try {
      const session = await this.#forced.unless(this.#begin(queued), 0);
      if (session === undefined) {
        await this.#finish({ status: "canceled" });
      } else {
        const work = this.#work(session);
        const outcome = await this.#forced.unless(work, agent.limits.cancelGrace);
        await this.#finish(await this.#record(session, outcome ?? { status: "canceled" }));
        if (outcome === undefined && this.kept) await this.#settle(work);
      }
      return await this.#leave();
    } catch (error) {
      log.error({ err: error }, "the run could not be brought to its end");
      if (hasCode(error, "FENCED")) this.#fate = "lost";
      return { settled: this.#fate === "lost", fence: this.#fence };
    } finally {
      this.#stop();
    }
  }

  /** Ends what goes on only as long as the run. */
  #stop(): void {
    this.#over = true;
    this.#abort.abort(RUN_ENDED);
  }

  /** True while the run is this owner's to bring to its end. */
  get kept(): boolean {
    return this.#fate === "kept";
  }

  /** Gives the run up if another owner has taken it over. Resolves to false if that can't be told. */
  async check(): Promise<boolean> {
    const { store, lease, log } = this.#options;
    try {
      await store.append(lease, []);
      return true;
    } catch (error) {
      if (this.#over) return true;
      if (!hasCode(error, "FENCED")) return false;
      log.warn({}, "another owner has taken the run over, since this one was silent for too long");
      this.#fate = "lost";
      this.#force({ status: "failed" });
      return true;
    }
  }

  /**
   * Gives the run back, for others to go on with, if it has not begun, or if its handler may be started again and `begun`
   * says so.
   */
  handBack({ begun }: { readonly begun: boolean }): void {
    const { limits } = this.#options.agent;
    if (this.#forced.outcome !== undefined) return;
    if (this.#fence !== undefined && !(begun && limits.recover === "rerun")) return;
    this.#fate = "handed back";
    this.#force({ status: "canceled" });
  }

  /** Makes room for the next run of the session, or for another owner. */
  async #leave(): Promise<ExecutionEnd> {
    const { store, lease, log } = this.#options;
    this.#stop();
    if (this.#fate === "lost") return { settled: true };
    if (this.#fate === "handed back") {
      await this.#writer.flush();
      await store.disown(lease);
      log.info({}, "the run was handed back");
      return { settled: true };
    }
    return { settled: true, next: await store.release(lease) };
  }

  /** Waits for the run's turn; resolves to `undefined` if it has to end before. */
  async #begin(queued: boolean): Promise<RunSessionHandle | undefined> {
    const { assembler, lease, run, store } = this.#options;
    if (queued) {
      assembler.status("queued");
      this.#write();
    }
    const { signal } = this.#abort;
    const isFinal = (error: unknown) =>
      signal.aborted || hasCode(error, "FENCED", "RESOURCE_NOT_FOUND", "SERVICE_NOT_STARTED");
    let fence: number;
    try {
      fence = await repeat(() => store.waitTurn(lease, signal), isFinal);
    } catch (error) {
      if (this.#forced.outcome !== undefined) return undefined;
      throw error;
    }
    if (this.#forced.outcome !== undefined) return undefined;
    this.#fence = fence;
    assembler.status("in_progress");
    this.#write();
    return Object.freeze({ ...run.session, fence });
  }

  /** Runs the handler to its end, and resolves to how the run ends if nothing else decides it. */
  async #work(session: RunSessionHandle): Promise<RunOutcome> {
    const { agent, assembler, log, run } = this.#options;
    const { adapter } = agent;
    try {
      if (this.#history.kept) await this.#history.addInput(session);
      const result = await this.#call(session);
      const reader = adapter.fromStream((part) => assembler.push(part));
      let items = 0;
      for await (const item of handlerItems(result, adapter)) {
        // A handler that never waits would otherwise keep everybody else waiting.
        if (++items % ITEMS_PER_TURN === 0) await nextTurn();
        if (this.#closed) {
          log.warn({}, "the handler goes on after the run has ended: what it emits is dropped");
          break;
        }
        reader.push(item);
        const lag = this.#write();
        if (lag !== undefined) await lag;
        this.#checkLimits();
      }
      if (!this.#closed) {
        reader.end();
        this.#write();
      }
      return outcomeOf(assembler);
    } catch (error) {
      if (!this.#abort.signal.aborted) log.error({ err: error }, "the handler failed");
      return failureOf(error, agent, run.id);
    }
  }

  /** Calls the handler, whose the input is from then on: it may be as long as a conversation, and a run may last. */
  #call(session: RunSessionHandle): unknown {
    const { agent, log, run } = this.#options;
    const msgs = this.#msgs;
    this.#msgs = undefined;
    const { signal } = this.#abort;
    return agent.handler({ msgs, request: run.request, session, resources: agent.resources, signal, log });
  }

  #checkLimits(): void {
    const { limits } = this.#options.agent;
    if (this.#writer.count < limits.maxEvents && this.#writer.length < limits.maxLogLength) return;
    this.#closed = true;
    this.#force({ status: "incomplete", incomplete: { reason: "log_limit" } });
  }

  /** Closes the run's messages and adds them to the history. A history that does not answer can't hold up the end. */
  async #record(session: RunSessionHandle, natural: RunOutcome): Promise<RunOutcome> {
    const { agent, assembler, formats, run, log } = this.#options;
    const { limits } = agent;
    this.#closed = true;
    assembler.close(closingOf((this.#forced.outcome ?? natural).status));
    const misfit =
      natural.status === "completed" ? await formats.fault(run.request, assembler.output) : undefined;
    const outcome = misfit === undefined ? natural : failureOf(misfit, agent, run.id);
    if (!this.#history.kept || !this.kept) return outcome;
    const added = inTime(
      this.#addOutput(session),
      limits.settleTimeout,
      "The session's history did not answer in time.",
    );
    try {
      const done = await this.#forced.unless(
        added.then(() => true),
        limits.cancelGrace,
      );
      if (done === undefined) log.warn({}, "the history has not answered: the run ends without it");
      return outcome;
    } catch (error) {
      log.error({ err: error }, "the run's output could not be added to the history");
      return outcome.status === "completed" ? failureOf(error, agent, run.id) : outcome;
    }
  }

  // The log first: whoever takes the run over adds to the history what the log has, under the same ids.
  async #addOutput(session: RunSessionHandle): Promise<void> {
    this.#write();
    await this.#writer.flush();
    await this.#history.addOutput(session, this.#options.assembler.output);
  }

  /** Waits for a handler that goes on after its run has ended, as long as its session may wait for it. */
  async #settle(work: Promise<RunOutcome>): Promise<void> {
    const { agent, log } = this.#options;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, agent.limits.settleTimeout).unref();
    const settled = await Promise.race([work, late]);
    clearTimeout(timer);
    if (settled === undefined)
      log.warn({}, "the handler has not returned in time: its session is free and fenced");
  }

  #write(): Promise<void> | undefined {
    const entries = this.#options.assembler.take();
    return entries.length === 0 ? undefined : this.#writer.write(entries);
  }

  /** Ends the run: as it has to, if something forces it to; else as canceled, if that was accepted meanwhile; else so. */
  async #finish(natural: RunOutcome): Promise<void> {
    if (!this.kept) return;
    const { assembler, store, run, log } = this.#options;
    const finish = this.#writer.finish.bind(this.#writer);
    const end = await writeEnd(store, run.id, assembler, this.#forced.outcome ?? natural, finish);
    if (end !== undefined) log.info({ status: end.status, error: end.error }, "the run has ended");
  }

  #force(outcome: RunOutcome): void {
    this.#forced.force(outcome);
    this.#abort.abort(new RuntimeError("RUN_CANCELED", outcome.error?.message ?? "The run has to end."));
  }

  #watchCancel(): void {
    const { store, run } = this.#options;
    store.watchCancel(run.id, this.#abort.signal).then(
      (cancel) => this.#force(canceledOutcome(cancel)),
      (error) => this.#watchCancelAgain(error),
    );
  }

  async #watchCancelAgain(error: unknown): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return;
    this.#options.log.error({ err: error }, "cancellations of the run can't be received for now");
    await sleep(WATCH_AGAIN, undefined, { signal, ref: false }).catch(() => undefined);
    if (!signal.aborted) this.#watchCancel();
  }
}

/** One for all runs: to make an error takes longer than the rest of a run's end, and its stack would tell nothing. */
const RUN_ENDED = new RuntimeError("RUN_CANCELED", "The run has ended.");

/** How many items a handler may yield in one turn of the loop. */
const ITEMS_PER_TURN = 256;

/** After how many milliseconds a failed watch begins anew. */
const WATCH_AGAIN = 1000;
