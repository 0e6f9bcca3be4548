import { setImmediate as nextTurn } from "node:timers/promises";
import type { AgentError } from "@agentscope-runtime/agent-api";
import { MessageAssembler } from "../assembler/message-assembler.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RecoveredRun, RunLease, RunRecord, RunStore } from "../contracts/run-store.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import { inTime } from "./in-time.ts";
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
  /** Whether handlers may be started here now; else their runs are given back, for others to take. */
  readonly executes: () => boolean;
  /** Has the run taken on whose turn it is now, if nobody owns it. */
  readonly claim: (runId: string) => Promise<void>;
}

/** What became of the handler: its process has died, or its own could not write to the store any more. */
export type InterruptionCause = "died" | "cut off";

/** Goes on with runs that nobody is at work on any more: ends them, or has their handlers started again. */
export class RunRecovery {
  readonly #options: RunRecoveryOptions;

  constructor(options: RunRecoveryOptions) {
    this.#options = options;
  }

  /** Resolves when the run's log has ended, its handler is at work, or others may take it. Can be repeated where it fails. */
  async resume(agent: HostedAgent, recovered: RecoveredRun, cause: InterruptionCause): Promise<void> {
    const { store, log } = this.#options;
    const { run, lease, fence } = recovered;
    if (fence !== undefined) {
      const handle = { ...run.session, fence };
      await inTime(
        raiseFence(agent, handle),
        agent.limits.settleTimeout,
        "The session's services did not answer.",
      );
    }
    if (run.completedAt !== undefined) {
      await this.#release(lease);
      return;
    }
    const { recover, maxAttempts } = agent.limits;
    const waited = run.startedAt === undefined;
    if (!waited) log.warn({ run_id: run.id, attempt: run.attempt, cause }, "the run was interrupted");
    const again = waited || (recover === "rerun" && run.attempt < maxAttempts);
    if (!again || run.cancel !== undefined) await this.#end(agent, recovered, cause);
    else if (this.#options.executes()) await this.#start(agent, recovered, cause);
    else {
      await store.disown(lease);
      await this.#options.claim(run.id);
    }
  }

  /** Ends a run that has not begun, as canceled. */
  async cancel(agent: HostedAgent, run: RunRecord, lease: RunLease): Promise<void> {
    await this.#end(agent, { run, lease }, "died");
  }

  async #release(lease: RunLease): Promise<void> {
    const next = await this.#options.store.release(lease);
    if (next !== undefined) await this.#options.claim(next);
  }

  async #read(run: RunRecord): Promise<Transcript> {
    const transcript = new Transcript();
    for await (const batch of this.#options.store.read(run.id)) {
      for (const entry of batch) transcript.add(entry);
      // A long log would otherwise keep everybody else waiting.
      await nextTurn();
    }
    return transcript;
  }

  async #start(agent: HostedAgent, recovered: RecoveredRun, cause: InterruptionCause): Promise<void> {
    const { executions, store, log } = this.#options;
    const { run } = recovered;
    let msgs: unknown;
    try {
      msgs = toInput(agent, run.request);
    } catch (error) {
      log.error({ err: error, run_id: run.id }, "the run's input can't be converted any more");
      return this.#end(agent, recovered, cause);
    }
    if (run.startedAt === undefined && run.request.on_disconnect === "cancel") {
      await store.requestCancel(run.id, { reason: "The client has gone." });
    }
    const transcript = await this.#read(run);
    const left = this.#assembler(run, recovered.lease.nextSeq, transcript);
    left.adopt(transcript.messages);
    const closing = left.take();
    if (closing.length > 0) await store.append(recovered.lease, closing);
    const lease = { ...recovered.lease, nextSeq: recovered.lease.nextSeq + closing.length };
    const assembler = this.#assembler(run, lease.nextSeq, transcript, run.attempt + 1);
    executions.start({ agent, run, lease, msgs, assembler, queued: false });
  }

  /** Writes the end of a run whose handler is no more, and adds what there is of it to the history. */
  async #end(
    agent: HostedAgent,
    { run, lease, fence }: RecoveredRun,
    cause: InterruptionCause,
  ): Promise<void> {
    const { store, log } = this.#options;
    const transcript = await this.#read(run);
    const assembler = this.#assembler(run, lease.nextSeq, transcript);
    assembler.adopt(transcript.messages);
    if (fence !== undefined) {
      const closing = assembler.take();
      if (closing.length > 0) await store.append(lease, closing);
      const history = new RunHistory(agent, run, { left: true });
      const added = history.addAll({ ...run.session, fence }, assembler.output);
      await inTime(added, agent.limits.settleTimeout, "The session's history did not answer in time.");
    }
    const finish = store.finish.bind(store, lease);
    const outcome = {
      status: "failed",
      error: { code: "RUN_INTERRUPTED", message: MESSAGES[cause] },
    } as const;
    const end = await writeEnd(store, run.id, assembler, outcome, finish);
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

const MESSAGES: Readonly<Record<InterruptionCause, AgentError["message"]>> = {
  died: "The process that ran the agent has died. What it had emitted is kept.",
  "cut off": "The run could not be stored for too long. What was stored before is kept.",
};
