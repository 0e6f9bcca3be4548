import { setTimeout as sleep } from "node:timers/promises";
import type { MessageAssembler, RunOutcome } from "../assembler/message-assembler.ts";
import type { Logger } from "../contracts/logger.ts";
import type { CancelRequest, RunLease, RunRecord, RunStore } from "../contracts/run-store.ts";
import type { SessionHistoryService } from "../contracts/session-history-service.ts";
import type { RunSessionHandle } from "../contracts/session-key.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { handlerItems } from "./handler-items.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import type { RunLimits } from "./run-limits.ts";
import { RunLogWriter } from "./run-log-writer.ts";
import { canceledOutcome, closingOf, failureOf, outcomeOf } from "./run-outcome.ts";

export interface RunExecutionOptions {
  readonly agent: HostedAgent;
  readonly run: RunRecord;
  readonly lease: RunLease;
  /** The input in the framework's own words. */
  readonly msgs: unknown;
  readonly assembler: MessageAssembler;
  readonly store: RunStore;
  readonly limits: RunLimits;
  readonly log: Logger;
}

/** One run from its creation to the moment its handler is done with. */
export class RunExecution {
  readonly #options: RunExecutionOptions;
  readonly #writer: RunLogWriter;
  /** Aborts the handler. */
  readonly #abort = new AbortController();
  /** Ends what waits only as long as the run lasts. */
  readonly #over = new AbortController();
  /** Resolves with how the run must end, whatever the handler does. */
  readonly #forced = Promise.withResolvers<void>();
  #forcedOutcome: RunOutcome | undefined;
  #closed = false;

  constructor(options: RunExecutionOptions) {
    this.#options = options;
    this.#writer = new RunLogWriter(options.store, options.lease);
  }

  get agent(): HostedAgent {
    return this.#options.agent;
  }

  /** Runs the handler when it is the run's turn. Resolves when the session is free again; never rejects. */
  async execute(ahead: number): Promise<void> {
    const { store, lease, log } = this.#options;
    this.#watchCancel();
    try {
      await this.#run(ahead);
    } catch (error) {
      log.error({ err: error }, "the run could not be written to its end");
    } finally {
      this.#abort.abort(new RuntimeError("RUN_CANCELED", "The run has ended."));
      this.#over.abort();
      await store.release(lease).catch((error) => log.error({ err: error }, "the run could not be released"));
    }
  }

  async #run(ahead: number): Promise<void> {
    const { assembler, lease, limits, run, store, log } = this.#options;
    if (ahead > 0) {
      assembler.status("queued");
      this.#write();
    }
    const fence = await Promise.race([store.waitTurn(lease, this.#over.signal), this.#forced.promise]);
    if (fence === undefined) return this.#finish({ status: "canceled" });

    assembler.status("in_progress");
    this.#write();
    const session = Object.freeze({ ...run.session, fence });
    const work = this.#work(session);
    const forced = this.#forced.promise.then(() => sleep(limits.cancelGrace, undefined, { ref: false }));
    const outcome = await Promise.race([work, forced]);
    await this.#finish(await this.#record(session, outcome ?? { status: "canceled" }));

    const timeout = sleep(limits.settleTimeout, undefined, { signal: this.#over.signal, ref: false });
    const settled = await Promise.race([work, timeout.catch(() => undefined)]);
    if (settled === undefined)
      log.warn({}, "the handler has not returned in time: its session is free and fenced");
  }

  /** Runs the handler to its end, and resolves to how the run ends if nothing else decides it. */
  async #work(session: RunSessionHandle): Promise<RunOutcome> {
    const { agent, run, msgs, assembler, log } = this.#options;
    const { signal } = this.#abort;
    try {
      await this.#history?.appendMessages(session, run.request.input);
      const { resources } = agent;
      await this.#pump(await agent.handler({ msgs, request: run.request, session, resources, signal, log }));
      return outcomeOf(assembler);
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, "the handler failed");
      return failureOf(error, agent, run.id);
    }
  }

  /** Closes the run's messages and adds them to the history, if that is the engine's to write. */
  async #record(session: RunSessionHandle, outcome: RunOutcome): Promise<RunOutcome> {
    const { agent, assembler, run, log } = this.#options;
    this.#closed = true;
    assembler.close(closingOf((this.#forcedOutcome ?? outcome).status));
    try {
      await this.#history?.appendMessages(
        session,
        assembler.output.map((json) => JSON.parse(json)),
      );
      return outcome;
    } catch (error) {
      log.error({ err: error }, "the run's output could not be added to the history");
      return outcome.status === "completed" ? failureOf(error, agent, run.id) : outcome;
    }
  }

  get #history(): SessionHistoryService | undefined {
    const { agent } = this.#options;
    return agent.history === "engine" ? agent.services.history : undefined;
  }

  async #pump(result: unknown): Promise<void> {
    const { agent, assembler, limits, log } = this.#options;
    const reader = agent.adapter.fromStream((part) => assembler.push(part));
    for await (const item of handlerItems(result, agent.adapter)) {
      if (this.#closed) {
        log.warn({}, "the handler goes on after the run has ended: what it emits is dropped");
        return;
      }
      reader.push(item);
      const lag = this.#write();
      if (lag !== undefined) await lag;
      if (this.#writer.count >= limits.maxEvents || this.#writer.length >= limits.maxLogLength) {
        this.#closed = true;
        this.#force({ status: "incomplete", incomplete: { reason: "log_limit" } });
      }
    }
    if (this.#closed) return;
    reader.end();
    this.#write();
  }

  #write(): Promise<void> | undefined {
    const entries = this.#options.assembler.take();
    return entries.length === 0 ? undefined : this.#writer.write(entries);
  }

  /** Ends the run: as it has to, if something forces it to; else as canceled, if that was accepted meanwhile; else so. */
  async #finish(natural: RunOutcome): Promise<void> {
    const { assembler, store, run, log } = this.#options;
    const outcome = this.#forcedOutcome ?? natural;
    const entries = assembler.take();
    if (await this.#writer.finish(outcome.status, [...entries, assembler.terminal(outcome)])) {
      log.info({ status: outcome.status, error: outcome.error }, "the run has ended");
      return;
    }
    const cancel = (await store.get(run.id))?.cancel;
    if (cancel === undefined) return;
    const canceled = canceledOutcome(cancel);
    await this.#writer.finish(canceled.status, [...entries, assembler.terminal(canceled)]);
    log.info({ status: canceled.status, error: canceled.error }, "the run has ended");
  }

  #force(outcome: RunOutcome): void {
    this.#forcedOutcome ??= outcome;
    this.#forced.resolve();
    this.#abort.abort(new RuntimeError("RUN_CANCELED", outcome.error?.message ?? "The run has to end."));
  }

  #watchCancel(): void {
    const { store, run, log } = this.#options;
    const accept = (cancel: CancelRequest) => this.#force(canceledOutcome(cancel));
    const fail = (error: unknown) => {
      if (!this.#over.signal.aborted) log.error({ err: error }, "cancellations of the run can't be received");
    };
    store.watchCancel(run.id, this.#over.signal).then(accept, fail);
  }
}
