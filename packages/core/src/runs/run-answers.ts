import { RuntimeError } from "../errors/runtime-error.ts";
import type { StoredRun } from "./stored-run.ts";

/** Which run continues which other one. */
export class RunAnswers {
  readonly #byAnswered = new Map<string, StoredRun>();

  /** Throws `RUN_ANSWERED` where a run continues that one already and has heard the answer, or may still. */
  assertOpen(runId: string | undefined): void {
    const answer = runId ? this.#byAnswered.get(runId) : undefined;
    if (answer === undefined || UNHEARD.has(answer.status)) return;
    throw new RuntimeError("RUN_ANSWERED", `The run ${runId} was answered already, and is continued once.`);
  }

  add(run: StoredRun): void {
    if (run.continues) this.#byAnswered.set(run.continues, run);
  }

  forget(run: StoredRun): void {
    if (run.continues && this.#byAnswered.get(run.continues) === run) this.#byAnswered.delete(run.continues);
  }

  clear(): void {
    this.#byAnswered.clear();
  }
}

const UNHEARD: ReadonlySet<string> = new Set(["failed", "rejected"]);
