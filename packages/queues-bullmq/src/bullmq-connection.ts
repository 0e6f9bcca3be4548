import { type JobsOptions, Queue } from "bullmq";
import { Redis } from "ioredis";
import {
  assertAbove,
  type BullMQOptions,
  type RedisSettings,
  type Timeouts,
  timeoutsOf,
  toRedisSettings,
} from "./connection-options.ts";
import { JobWorker, type JobWorkerOptions } from "./job-worker.ts";
import { RedisLink } from "./redis-link.ts";
import type { RedisScript } from "./redis-script.ts";

/** A job to add. Its id may hold no colon and be no number. */
export interface NewJob {
  readonly id: string;
  readonly data: unknown;
  readonly attempts: number;
  /** When it was made and how long it has to wait from then on, in milliseconds. */
  readonly timestamp?: number;
  readonly delay?: number;
}

export interface ConnectionSettings extends Timeouts {
  readonly redis: RedisSettings;
  readonly prefix: string;
  readonly leaseTtl: number;
}

/** The options with their defaults; throws `CONFIGURATION_ERROR` for what can't be. */
export function connectionSettings(options: BullMQOptions): ConnectionSettings {
  const { connection, prefix = "agentscope", leaseTtl = 30_000 } = options;
  assertAbove("leaseTtl", leaseTtl, 0);
  // Any text, and no two alike in UTF-8.
  const escaped = JSON.stringify(prefix).slice(1, -1);
  return { redis: toRedisSettings(connection), ...timeoutsOf(connection), prefix: escaped, leaseTtl };
}

/** The open connections to one Redis, and BullMQ's queues and workers over them. */
export class BullMQConnection {
  readonly prefix: string;
  readonly #settings: ConnectionSettings;
  readonly #client: Redis;
  readonly #link: RedisLink;
  readonly #queues = new Map<string, Queue>();
  #workerClient: Redis | undefined;

  private constructor(settings: ConnectionSettings) {
    this.prefix = settings.prefix;
    this.#settings = settings;
    const { commandTimeout } = settings;
    this.#client = this.#newClient({
      commandTimeout,
      // A connection on which nothing comes any more is given up, so that a new one is made.
      socketTimeout: commandTimeout,
      // A command whose connection broke is rejected at once and never sent again: it may have been carried out.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
    });
    this.#link = new RedisLink(this.#client);
  }

  /** Resolves once Redis can be used; rejects with `SERVICE_UNAVAILABLE` where it can't be in time. */
  static async open(settings: ConnectionSettings): Promise<BullMQConnection> {
    const connection = new BullMQConnection(settings);
    try {
      await connection.#link.call(settings.connectTimeout, (client) => client.ping());
      return connection;
    } catch (error) {
      connection.#client.disconnect();
      throw error;
    }
  }

  async health(): Promise<boolean> {
    if (!this.#link.isReady) return false;
    const timeout = Math.min(HEALTH_TIMEOUT, this.#settings.commandTimeout);
    return this.#link
      .call(timeout, (client) => client.ping())
      .then(
        (answer) => answer === "PONG",
        () => false,
      );
  }

  /** Runs a script as one step that nothing else comes between, and resolves to what it returns. */
  async run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [`${keys.length}`, ...keys, ...args];
    return this.#call(async (client) => {
      try {
        return await client.call("EVALSHA", [script.sha, ...rest]);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
        return client.call("EVAL", [script.lua, ...rest]);
      }
    });
  }

  /** Adds a job; where there is one of its id, that stays as it is. */
  async add(queue: string, { id, data, ...options }: NewJob): Promise<void> {
    const job: JobsOptions = {
      ...options,
      jobId: id,
      backoff: { type: "custom" },
      removeOnComplete: true,
      removeOnFail: true,
      stackTraceLimit: 0,
    };
    await this.#call(() => this.#queue(queue).add("job", data, job));
  }

  /** Removes a job, unless it is at work. */
  async remove(queue: string, id: string): Promise<void> {
    await this.#call(() => this.#queue(queue).remove(id));
  }

  /** Works on the jobs of a queue. */
  async work(queue: string, options: JobWorkerOptions): Promise<JobWorker> {
    await this.#call((client) => client.ping());
    const { prefix, leaseTtl, commandTimeout } = this.#settings;
    this.#workerClient ??= this.#newClient({
      // What BullMQ does for a job at work is done as soon as Redis is back, however long that takes.
      maxRetriesPerRequest: null,
      // Longer than BullMQ blocks while it waits for a job.
      socketTimeout: 20_000,
    });
    return new JobWorker(queue, options, { client: this.#workerClient, prefix, leaseTtl, commandTimeout });
  }

  /** A client that is the caller's to disconnect. */
  newListener(): Redis {
    // Who listens subscribes again, and is not to miss that nothing comes because the other end is gone.
    return this.#newClient({ autoResubscribe: false, enableOfflineQueue: false, keepAlive: 5000 });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close().catch(ignore)));
    this.#workerClient?.disconnect();
    this.#client.disconnect();
  }

  #call<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    return this.#link.call(this.#settings.commandTimeout, work);
  }

  // Made where the client is ready only, for BullMQ's would be of no use for good if that failed.
  #queue(name: string): Queue {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new Queue(name, {
      connection: this.#client,
      prefix: this.prefix,
      skipVersionCheck: true,
      streams: { events: { maxLen: 100 } },
    });
    queue.on("error", ignore);
    this.#queues.set(name, queue);
    return queue;
  }

  #newClient(options: RedisSettings): Redis {
    const { redis, connectTimeout } = this.#settings;
    const retryStrategy = (times: number) => Math.min(50 * times, MAX_RETRY_DELAY);
    const merged: RedisSettings = { ...redis, connectTimeout, retryStrategy, ...options };
    const client = new Redis(merged);
    // Without a listener ioredis writes to the console.
    client.on("error", ignore);
    return client;
  }
}

const HEALTH_TIMEOUT = 1000;
const MAX_RETRY_DELAY = 1000;

function ignore(): void {}
