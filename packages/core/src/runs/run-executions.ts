import type { MessageAssembler } from "../assembler/message-assembler.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RunLease, RunRecord, RunStore } from "../contracts/run-store.ts";
import type { AnswerFormats } from "./answer-formats.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import { type ExecutionEnd, RunExecution } from "./run-execution.ts";
import { RunLogger } from "./run-logger.ts";

export interface ExecutionOptions {
  readonly agent: HostedAgent;
  readonly run: RunRecord;
  readonly lease: RunLease;
  /** The input in the framework's own words. */
  readonly msgs: unknown;
  readonly assembler: MessageAssembler;
  /** Whether to tell readers that it has to wait. */
  readonly queued: boolean;
}

export interface RunExecutionsOptions {
  readonly store: RunStore;
  readonly formats: AnswerFormats;
  readonly log: Logger;
  /** Never rejects. */
  readonly onEnd: (lease: RunLease, end: ExecutionEnd) => Promise<void>;
}

interface Active {
  readonly agent: HostedAgent;
  readonly lease: RunLease;
  readonly execution: RunExecution;
  readonly done: Promise<void>;
}

/** The runs at work in this process. */
export class RunExecutions {
  readonly #store: RunStore;
  readonly #formats: AnswerFormats;
  readonly #log: Logger;
  readonly #active = new Map<string, Active>();
  readonly #onEnd: RunExecutionsOptions["onEnd"];

  constructor({ store, formats, log, onEnd }: RunExecutionsOptions) {
    this.#store = store;
    this.#formats = formats;
    this.#log = log;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#active.size;
  }

  get ids(): readonly string[] {
    return [...this.#active.keys()];
  }

  /** The ids of those that are still this process's to bring to their end. */
  get kept(): readonly string[] {
    return [...this.#active].flatMap(([id, { execution }]) => (execution.kept ? [id] : []));
  }

  /** What the runs are owned as. */
  get owners(): Set<string> {
    return new Set([...this.#active.values()].map(({ lease }) => lease.owner));
  }

  /** How long the most patient of the handlers may go on once it is canceled, in milliseconds. */
  get cancelGrace(): number {
    return Math.max(0, ...[...this.#active.values()].map(({ agent }) => agent.limits.cancelGrace));
  }

  /** Runs a handler when it is its turn. It goes on by itself. */
  start({ agent, run, lease, msgs, assembler, queued }: ExecutionOptions): void {
    const { id, session } = run;
    const log = new RunLogger(this.#log, { run_id: id, session_id: session.sessionId, agent: agent.name });
    const execution = new RunExecution({
      agent,
      run,
      lease,
      msgs,
      assembler,
      store: this.#store,
      formats: this.#formats,
      log,
    });
    const done = execution.execute({ queued }).then((end) => {
      this.#active.delete(id);
      return this.#onEnd(lease, end);
    });
    this.#active.set(id, { agent, lease, execution, done });
    log.info({ queued }, "the run was taken on");
  }

  /** Gives up the runs that another owner has taken over; resolves to false if that can't be told of all of them. */
  async check(): Promise<boolean> {
    const checks = [...this.#active.values()].map(({ execution }) => execution.check());
    return (await Promise.all(checks)).every((checked) => checked);
  }

  /** Gives runs back that have not begun, and with `begun` those whose handlers may be started again. */
  handBack(options: { readonly begun: boolean }): void {
    for (const { execution } of this.#active.values()) execution.handBack(options);
  }

  /** Resolves when those that are at work now have settled, or that one. */
  async settled(runId?: string): Promise<void> {
    if (runId !== undefined) return this.#active.get(runId)?.done;
    await Promise.all([...this.#active.values()].map(({ done }) => done));
  }
}
