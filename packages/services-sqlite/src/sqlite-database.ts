import { resolve } from "node:path";
import { RuntimeError, type Service } from "@agentscope-runtime/core";
import { BusyQueue } from "./busy-queue.ts";
import { openConnection } from "./open-connection.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteQueries } from "./sqlite-queries.ts";

export interface SqliteDatabaseOptions {
  /** The file. It is created, readable by its owner only, and so are the folders it is in, where they are missing. */
  readonly path: string;
  /**
   * What a write has survived when it is done: `normal` the end of the process, however that ends (default); `full` a
   * power cut too, at the price of waiting for the disk each time.
   */
  readonly synchronous?: "normal" | "full" | undefined;
  /** For how many milliseconds a call waits while another process has the file locked. Defaults to 5000. */
  readonly busyTimeout?: number | undefined;
}

/**
 * A file that several services may share. Each service opens it by its own `start()` and the last one closes it, so
 * starting the database itself is needed only to keep it open longer. Several processes may have it open.
 */
export class SqliteDatabase implements Service {
  readonly #path: string;
  readonly #synchronous: "normal" | "full";
  readonly #busyTimeout: number;
  readonly #writes: BusyQueue;
  readonly #users = new Set<object>();
  #connection: SqliteConnection | undefined;
  #lastTurn: Promise<void> = Promise.resolve();

  constructor({ path, synchronous = "normal", busyTimeout = 5000 }: SqliteDatabaseOptions) {
    assertOptions(path, synchronous, busyTimeout);
    this.#path = resolve(path);
    this.#synchronous = synchronous;
    this.#busyTimeout = busyTimeout;
    this.#writes = new BusyQueue(busyTimeout);
  }

  /** Opens the file. Rejects with `CONFIGURATION_ERROR` what is no database, another program's, or a newer version's. */
  start(): Promise<void> {
    return this.attach(this);
  }

  stop(): Promise<void> {
    return this.detach(this);
  }

  /** True while the file can be written to and stands where it was opened; waits up to `busyTimeout` for its lock. */
  async health(): Promise<boolean> {
    try {
      await this.write(() => undefined);
      return this.#opened().isInPlace();
    } catch {
      return false;
    }
  }

  /** Opens the file for a user, who may attach itself twice. For services. */
  attach(user: object): Promise<void> {
    return this.#inTurn(async () => {
      this.#connection ??= await this.#open();
      this.#users.add(user);
    });
  }

  /** Closes the file if that was its last user, once pending writes are done. For services. */
  detach(user: object): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#users.delete(user) || this.#users.size > 0) return;
      await this.#writes.run(() => undefined).catch(() => undefined);
      const connection = this.#connection;
      this.#connection = undefined;
      connection?.close();
    });
  }

  /** True from the end of {@link attach} to {@link detach}. For services. */
  isAttached(user: object): boolean {
    return this.#users.has(user);
  }

  /** Resolves to the result of synchronous work that only reads. It may run twice. For services. */
  read<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    return new BusyQueue(this.#busyTimeout).run(() => work(this.#opened()));
  }

  /**
   * Resolves to the result of synchronous work once it is committed. If it throws, nothing of it is kept. Works run in
   * the order of the calls. For services.
   */
  write<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    return this.#writes.run(() => {
      const connection = this.#opened();
      return connection.transaction(() => work(connection));
    });
  }

  #open(): Promise<SqliteConnection> {
    const options = { path: this.#path, synchronous: this.#synchronous };
    return new BusyQueue(this.#busyTimeout).run(() => openConnection(options));
  }

  #opened(): SqliteConnection {
    if (this.#connection !== undefined) return this.#connection;
    throw new RuntimeError("SERVICE_NOT_STARTED", "SqliteDatabase is not started: call start() first.");
  }

  /** Opening and closing never overlap. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(step);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }
}

function assertOptions(path: unknown, synchronous: unknown, busyTimeout: unknown): void {
  const problem =
    typeof path !== "string" || path === "" || path === ":memory:"
      ? "path is the path of a file."
      : synchronous !== "normal" && synchronous !== "full"
        ? "synchronous is normal or full."
        : typeof busyTimeout !== "number" || !(busyTimeout >= 0 && busyTimeout < 2 ** 31)
          ? "busyTimeout is a number of milliseconds."
          : undefined;
  if (problem !== undefined) throw new RuntimeError("CONFIGURATION_ERROR", problem);
}
