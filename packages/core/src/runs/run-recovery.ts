import { MessageAssembler, type RunOutcome } from "../assembler/message-assembler.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RecoveredRun, RunLease, RunRecord, RunStore } from "../contracts/run-store.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import type { RunExecutions } from "./run-executions.ts";
import { RunHistory } from "./run-history.ts";
import { raiseFence } from "./session-fence.ts";
import { toInput } from "./to-input.ts";
import { Transcript } from "./transcript.ts";
import { writeEnd } from "./write-end.ts";

export interface RunRecoveryOptions {
  readonly store: RunStore;
  readonly executions: RunExecutions;
  readonly log: Logger;
  readonly now: () => number;
  /** Has the run taken on whose turn it is now, if nobody owns it. */
  readonly claim: (runId: string) => Promise<void>;
}

/** Goes on with the runs of owners that have died: ends them, or starts their handlers again. */
export class RunRecovery {
  readonly #options: RunRecoveryOptions;

  constructor(options: RunRecoveryOptions) {
    this.#options = options;
  }

  /**
   * Goes on with a run that was taken over. Resolves when its log has ended or its handler is at work, to what comes of
   * the latter.
   */
  async resume(agent: HostedAgent, { run, lease, fence }: RecoveredRun): Promise<void> {
    const { store, log } = this.#options;
    if (fence !== undefined) await raiseFence(agent, { ...run.session, fence });
    if (run.completedAt !== undefined) {
      await this.#release(lease);
      return;
    }
    const transcript = await this.#read(run);
    const { recover, maxAttempts } = agent.limits;
    const waited = run.startedAt === undefined;
    if (waited && run.cancel === undefined) return this.#start(agent, run, lease, transcript);
    if (!waited) {
      log.warn({ run_id: run.id, attempt: run.attempt }, "the run was interrupted: its process has died");
    }
    if (recover === "rerun" && run.attempt < maxAttempts && run.cancel === undefined) {
      const assembler = this.#assembler(run, lease.nextSeq, transcript);
      assembler.adopt(transcript.messages);
      const entries = assembler.take();
      await store.append(lease, entries);
      return this.#start(agent, run, { ...lease, nextSeq: lease.nextSeq + entries.length }, transcript);
    }
    await this.#end(agent, { run, lease, fence }, transcript);
  }

  /** Ends a run without its handler: as canceled, if that was asked for, else as interrupted. */
  async end(agent: HostedAgent, run: RunRecord, lease: RunLease): Promise<void> {
    if (run.completedAt === undefined) await this.#end(agent, { run, lease }, await this.#read(run));
    else await this.#release(lease);
  }

  async #release(lease: RunLease): Promise<void> {
    const next = await this.#options.store.release(lease);
    if (next !== undefined) await this.#options.claim(next);
  }

  async #read(run: RunRecord): Promise<Transcript> {
    const transcript = new Transcript();
    for await (const batch of this.#options.store.read(run.id)) {
      for (const entry of batch) transcript.add(entry);
    }
    return transcript;
  }

  async #start(agent: HostedAgent, run: RunRecord, lease: RunLease, transcript: Transcript): Promise<void> {
    const { executions, store } = this.#options;
    if (run.startedAt === undefined && run.request.on_disconnect === "cancel") {
      await store.requestCancel(run.id, { reason: "The client has gone." });
    }
    const assembler = this.#assembler(run, lease.nextSeq, transcript, run.attempt + 1);
    let msgs: unknown;
    try {
      msgs = toInput(agent, run.request);
    } catch (error) {
      this.#options.log.error({ err: error, run_id: run.id }, "the run's input can't be converted any more");
      return this.#end(agent, { run, lease }, transcript);
    }
    executions.start({ agent, run, lease, msgs, assembler, queued: false });
  }

  /** Writes the end of a run whose handler is no more, and adds what there is of it to the history. */
  async #end(agent: HostedAgent, { run, lease, fence }: RecoveredRun, transcript: Transcript): Promise<void> {
    const { store, log } = this.#options;
    const assembler = this.#assembler(run, lease.nextSeq, transcript);
    assembler.adopt(transcript.messages);
    if (fence !== undefined) {
      const history = new RunHistory(agent, run);
      const session = { ...run.session, fence };
      await history.addInput(session);
      await history.addOutput(session, assembler.output);
    }
    const finish = store.finish.bind(store, lease);
    const end = await writeEnd(store, run.id, assembler, INTERRUPTED, finish);
    await this.#release(lease);
    log.info({ run_id: run.id, status: end?.status }, "the interrupted run has ended");
  }

  #assembler(run: RunRecord, first: number, transcript: Transcript, attempt?: number): MessageAssembler {
    return new MessageAssembler({
      responseId: run.id,
      sessionId: run.session.sessionId,
      createdAt: run.createdAt,
      now: this.#options.now,
      first,
      attempt: attempt ?? transcript.attempt,
      takenIds: transcript.ids,
    });
  }
}

const INTERRUPTED: RunOutcome = {
  status: "failed",
  error: {
    code: "RUN_INTERRUPTED",
    message: "The process that ran the agent has died. What it had emitted is kept.",
  },
};
