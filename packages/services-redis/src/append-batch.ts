import type { LogSegment, RunLease } from "@agentscope-runtime/core";
import { leaseArguments } from "./run-arguments.ts";
import { runRefusal } from "./run-refusal.ts";

interface Append {
  readonly runId: string;
  readonly args: readonly string[];
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Sends what is appended to the logs of several runs in one turn of the event loop as one command, and tells each from the
 * answer what became of it.
 */
export class AppendBatch {
  readonly #send: (args: readonly string[]) => Promise<unknown>;
  #waiting: Append[] = [];
  #length = 0;

  /** `send` resolves to an answer per append, in order: the empty string, or why it was refused. */
  constructor(send: (args: readonly string[]) => Promise<unknown>) {
    this.#send = send;
  }

  append(lease: RunLease, segment: LogSegment | undefined): Promise<void> {
    const { first = "", last = "", text = "" } = segment ?? {};
    const done = Promise.withResolvers<void>();
    if (this.#waiting.length === 0) setImmediate(this.#flush);
    const args = [...leaseArguments(lease), `${first}`, `${last}`, text];
    this.#waiting.push({ runId: lease.runId, args, done });
    this.#length += text.length;
    if (this.#length > MAX_LENGTH || this.#waiting.length === MAX_APPENDS) this.#flush();
    return done.promise;
  }

  readonly #flush = (): void => {
    const appends = this.#waiting;
    this.#waiting = [];
    this.#length = 0;
    if (appends.length === 0) return;
    this.#send(appends.flatMap(({ args }) => args)).then(
      (answers) => settle(appends, answers as readonly string[]),
      (error) => {
        for (const { done } of appends) done.reject(error);
      },
    );
  };
}

function settle(appends: readonly Append[], answers: readonly string[]): void {
  for (const [index, { runId, done }] of appends.entries()) {
    const word = answers[index] ?? "";
    if (word === "") done.resolve();
    else done.reject(runRefusal(word, { runId }));
  }
}

// Redis serves nobody else while it carries out a batch.
const MAX_LENGTH = 2 ** 20;
const MAX_APPENDS = 256;
