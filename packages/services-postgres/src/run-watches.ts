import { setTimeout as sleep } from "node:timers/promises";
import type { RunTopic } from "@agentscope-runtime/core";
import { idDigest } from "./id-digest.ts";
import type { PostgresPoolClient } from "./postgres-pool.ts";
import type { RunDatabase } from "./run-database.ts";
import { noticeOf } from "./run-notices.ts";

/**
 * Who watches what in this process: on one connection, which is there while there is anybody, and is made anew when it
 * is lost.
 */
export class RunWatches {
  readonly #database: RunDatabase;
  readonly #watched = new Map<string, Watched>();
  /** Those who were not told yet that somebody listens for them. */
  #fresh = new Set<Watch>();
  #listening: Promise<void> | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(database: RunDatabase) {
    this.#database = database;
  }

  start(): void {
    this.#stopped = false;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#listening;
    this.#watched.clear();
    this.#fresh.clear();
  }

  watch(runId: string, topic: RunTopic, onChange: () => void): () => void {
    if (this.#stopped) return () => undefined;
    const run = idDigest(runId);
    const notice = noticeOf(topic, run);
    const watched = this.#watched.get(notice) ?? { topic, run, watches: new Set() };
    const watch = { watched, onChange };
    watched.watches.add(watch);
    this.#watched.set(notice, watched);
    this.#fresh.add(watch);
    this.#listening ??= this.#listen();
    this.#wake?.();
    return () => {
      this.#fresh.delete(watch);
      if (!watched.watches.delete(watch) || watched.watches.size > 0) return;
      if (this.#watched.get(notice) === watched) this.#watched.delete(notice);
    };
  }

  async #listen(): Promise<void> {
    while (!this.#stopped && this.#watched.size > 0) {
      try {
        await this.#listenOnce();
      } catch {
        await sleep(RECONNECT_DELAY, undefined, { ref: false });
      }
    }
    this.#listening = undefined;
  }

  /** Listens until nobody watches any more; throws when the connection is lost. */
  async #listenOnce(): Promise<void> {
    const client = await this.#database.connect();
    let lost = false;
    const onLost = () => {
      lost = true;
      this.#wake?.();
    };
    // Never taken off: the connection is not given back but closed, and may say more while it is.
    client.on("error", onLost);
    client.on("end", onLost);
    client.on("notification", ({ payload = "" }) => this.#tell(payload));
    // Listening alone keeps no process alive.
    client.unref?.();
    try {
      const { schema } = this.#database;
      const [row] = (await ask(client, `select ${schema}.run_channel() as channel`)).rows;
      await ask(client, `listen ${(row as { channel: string }).channel}`);
      // They may have missed something since there was a connection.
      for (const { watches } of this.#watched.values()) for (const watch of watches) this.#fresh.add(watch);
      let beat = performance.now() + BEAT;
      while (!lost && !this.#stopped) {
        const fresh = [...this.#fresh];
        this.#fresh = new Set();
        await this.#mark(client, new Set(fresh.map(({ watched }) => watched)));
        for (const { onChange } of fresh) onChange();
        if (performance.now() >= beat) {
          if (this.#watched.size === 0) return;
          // Finds out, too, whether the connection is still there.
          await ask(client, "select 1");
          await this.#mark(client, this.#watched.values());
          beat = performance.now() + BEAT;
        }
        if (this.#fresh.size === 0 && !lost && !this.#stopped) await this.#sleepUntil(beat);
      }
      if (lost) throw new Error("The connection was lost.");
    } finally {
      client.release(true);
    }
  }

  /** Asks those who write the logs to tell of it. */
  async #mark(client: PostgresPoolClient, watched: Iterable<Watched>): Promise<void> {
    const runs: Buffer[] = [];
    for (const { topic, run } of watched) if (topic === "log") runs.push(run);
    if (runs.length > 0)
      await ask(client, `select ${this.#database.schema}.watch_runs($1, ${WATCH_TTL})`, runs);
  }

  #tell(payload: string): void {
    for (const notice of payload.split(" ")) {
      for (const { onChange } of this.#watched.get(notice)?.watches ?? []) onChange();
    }
  }

  /** Resolves when it is time, or when it is woken. */
  async #sleepUntil(time: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, time - performance.now()).unref();
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

interface Watched {
  readonly topic: RunTopic;
  readonly run: Buffer;
  readonly watches: Set<Watch>;
}

interface Watch {
  readonly watched: Watched;
  readonly onChange: () => void;
}

function ask(
  client: PostgresPoolClient,
  text: string,
  ...values: unknown[]
): ReturnType<typeof client.query> {
  return client.query({ text, values, query_timeout: ANSWER_TIMEOUT });
}

// All in milliseconds.

const RECONNECT_DELAY = 100;
/** How often the connection is tried, and closed if nobody watches any more. */
const BEAT = 5000;
const ANSWER_TIMEOUT = 5000;
/** For how long those who write a run tell of it: several beats. */
const WATCH_TTL = 20_000;
