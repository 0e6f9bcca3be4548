import type { RunFile } from "./run-file.ts";
import { fromSqlText } from "./sqlite-queries.ts";

export interface ChangeStatements {
  /** Gives the `position` of the latest change. */
  readonly position: string;
  /** Gives the `id` and the `position` of every row that was changed after a position. */
  readonly changes: string;
}

/** Tells those who watch a row of its changes, and looks into the file for them as long as anybody watches. */
export class ChangeWatch {
  readonly #file: RunFile;
  readonly #statements: ChangeStatements;
  readonly #watchers = new Map<string, Set<() => void>>();
  /** Up to where changes are known; `undefined` while nothing is known yet. */
  #position: number | undefined;
  #looking = false;

  constructor(file: RunFile, statements: ChangeStatements) {
    this.#file = file;
    this.#statements = statements;
  }

  watch(id: string, onChange: () => void): () => void {
    // Of its own, since the same function may be given twice.
    const watcher = () => onChange();
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(watcher));
    if (this.#position !== undefined) queueMicrotask(() => watchers.has(watcher) && watcher());
    if (!this.#looking) void this.#look();
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id);
    };
  }

  tell(id: string): void {
    for (const watcher of this.#watchers.get(id) ?? []) watcher();
  }

  /** Lets go of everybody who watches. */
  end(): void {
    this.#watchers.clear();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    // A file that can't be read is looked into again: whoever watches asks it, too, and gets the error.
    await this.#lookOnce().catch(() => undefined);
    if (this.#watchers.size > 0) {
      // Keeps the process from ending, as a connection to a server does.
      setTimeout(() => this.#look(), PAUSE);
      return;
    }
    this.#looking = false;
    this.#position = undefined;
  }

  async #lookOnce(): Promise<void> {
    const since = this.#position;
    if (since === undefined) {
      const found = await this.#file.read((queries) => queries.get<Position>(this.#statements.position));
      this.#position = found?.position;
      for (const id of [...this.#watchers.keys()]) this.tell(id);
      return;
    }
    const changes = await this.#file.read((queries) => queries.all<Change>(this.#statements.changes, since));
    for (const { id, position } of changes) {
      if (position > (this.#position ?? 0)) this.#position = position;
      this.tell(fromSqlText(id));
    }
  }
}

/** Between two looks, in milliseconds. */
const PAUSE = 10;

interface Position {
  readonly position: number;
}

interface Change extends Position {
  readonly id: string;
}
