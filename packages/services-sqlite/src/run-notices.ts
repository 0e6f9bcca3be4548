import type { RunTopic } from "@agentscope-runtime/core";
import { ChangeWatch } from "./change-watch.ts";
import type { RunFile } from "./run-file.ts";

/** Tells of changes of runs: at once of those made here, and soon of those that others make in the file. */
export class RunNotices {
  readonly #topics: Readonly<Record<RunTopic, ChangeWatch>>;

  constructor(file: RunFile) {
    this.#topics = {
      log: new ChangeWatch(file, { position: LOG_POSITION, changes: LOG_CHANGES }),
      control: new ChangeWatch(file, { position: CONTROL_POSITION, changes: CONTROL_CHANGES }),
    };
  }

  /** Calls `onChange` once it listens and then for every change; returns what ends it. */
  watch(runId: string, topic: RunTopic, onChange: () => void): () => void {
    return this.#topics[topic].watch(runId, onChange);
  }

  /** Says that this process has changed the run. */
  tell(runId: string, topic: RunTopic): void {
    this.#topics[topic].tell(runId);
  }

  /** Lets go of everybody who watches. */
  end(): void {
    for (const topic of Object.values(this.#topics)) topic.end();
  }
}

const LOG_POSITION = "SELECT coalesce(max(place), 0) AS position FROM run_segments";
const LOG_CHANGES = `
  SELECT id, position
  FROM (SELECT run, max(place) AS position FROM run_segments WHERE place > ? GROUP BY run)
  CROSS JOIN runs ON number = run`;
const CONTROL_POSITION = "SELECT change AS position FROM run_counters";
const CONTROL_CHANGES = "SELECT id, changed AS position FROM runs WHERE changed > ?";
