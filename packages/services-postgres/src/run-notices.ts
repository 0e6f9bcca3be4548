import type { RunTopic } from "@agentscope-runtime/core";
import type { RunDatabase } from "./run-database.ts";

/** What stands in a notice for a change of a run; that two runs have the same is as good as impossible, and no harm. */
export function noticeOf(topic: RunTopic, run: Buffer): string {
  // The functions of the schema make the same.
  return `${topic}:${run.toString("base64", 0, 9)}`;
}

/**
 * Tells other processes of what was written. By statements of their own: a commit with a notice goes one at a time
 * through the whole server, and must not wait for the disk meanwhile.
 */
export class RunNotices {
  readonly #database: RunDatabase;
  #untold = new Set<string>();
  #telling = false;

  constructor(database: RunDatabase) {
    this.#database = database;
  }

  /** Tells soon that the logs of the runs have changed. What is lost with the connection is not told again. */
  tell(runs: readonly Buffer[]): void {
    for (const run of runs) this.#untold.add(noticeOf("log", run));
    if (!this.#telling) void this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    this.#telling = true;
    while (this.#untold.size > 0) {
      const notices = [...this.#untold];
      this.#untold = new Set();
      const payloads: string[] = [];
      for (let index = 0; index < notices.length; index += MAX_NOTICES) {
        payloads.push(notices.slice(index, index + MAX_NOTICES).join(" "));
      }
      // Those who watch look again by themselves.
      await this.#database.select(TELL, payloads).catch(() => undefined);
    }
    this.#telling = false;
  }
}

/** How many a payload, which is bounded to 8000 bytes, has room for. */
const MAX_NOTICES = 400;

const TELL = (schema: string) => `
  select set_config('synchronous_commit', 'off', true), pg_notify(${schema}.run_channel(), payload)
  from unnest($1::text[]) as payload`;
