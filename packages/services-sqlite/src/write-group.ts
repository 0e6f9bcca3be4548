import { RuntimeError } from "@agentscope-runtime/core";
import type { RunFile } from "./run-file.ts";
import type { SqliteQueries } from "./sqlite-queries.ts";

/**
 * Does the works that are added in one turn of the loop in one transaction, in that order. A work that throws a
 * `RuntimeError` must not have written anything before.
 */
export class WriteGroup {
  readonly #file: RunFile;
  #works: Work[] = [];

  constructor(file: RunFile) {
    this.#file = file;
  }

  /** Resolves to the result of the work once that is committed; where it fails, the others of the group do not. */
  add<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const attempt = (queries: SqliteQueries) => {
      try {
        const result = work(queries);
        return () => resolve(result);
      } catch (error) {
        if (!RuntimeError.is(error)) throw error;
        return () => reject(error);
      }
    };
    if (this.#works.push({ attempt, reject }) === 1) setImmediate(() => this.flush());
    return promise;
  }

  /** Begins with what was added so far. */
  flush(): void {
    const works = this.#works;
    this.#works = [];
    if (works.length > 0) void this.#commit(works);
  }

  async #commit(works: readonly Work[]): Promise<void> {
    try {
      const outcomes = await this.#file.write((queries) => works.map(({ attempt }) => attempt(queries)));
      for (const settle of outcomes) settle();
    } catch (error) {
      const mayBeOneOnly = works.length > 1 && RuntimeError.is(error) && error.code === "DATABASE_ERROR";
      if (mayBeOneOnly) for (const work of works) void this.#commit([work]);
      else for (const { reject } of works) reject(error);
    }
  }
}

interface Work {
  /** Does the work, and gives what settles its promise after the commit. */
  readonly attempt: (queries: SqliteQueries) => () => void;
  readonly reject: (error: unknown) => void;
}
