import { RuntimeError, type Service } from "@agentscope-runtime/core";
import { Redis } from "ioredis";
import type { RedisClient } from "./redis-client.ts";
import { isUnknownScript } from "./redis-error.ts";
import { RedisLink } from "./redis-link.ts";
import type { ListenerOptions, RedisListener } from "./redis-listener.ts";
import type { RedisScript } from "./redis-script.ts";

export interface RedisConnectionOptions {
  /** `redis://[user:password@]host[:port][/database]`, or `rediss://` with TLS. Give this or `client`. */
  readonly url?: string | undefined;
  /** A client to use, an ioredis `Redis`. It stays its owner's to close, and its own options hold. */
  readonly client?: RedisClient | undefined;
  /** How long `start()` waits until Redis can be used, in milliseconds. Defaults to 5000. */
  readonly connectTimeout?: number | undefined;
  /** How long a call waits, for the connection to come back and for its answer, in milliseconds. Defaults to 5000. */
  readonly commandTimeout?: number | undefined;
}

/**
 * A connection to Redis that services share: the first that starts opens it, the last that stops closes it. While Redis is
 * away it is looked for again and again, at least once a second.
 */
export class RedisConnection implements Service {
  readonly #options: RedisConnectionOptions;
  readonly #connectTimeout: number;
  readonly #commandTimeout: number;
  readonly #holders = new Set<object>();
  #opened: { readonly link: RedisLink; close(): Promise<void> } | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RedisConnectionOptions) {
    const { url, client, connectTimeout = 5000, commandTimeout = 5000 } = options;
    if ((url === undefined) === (client === undefined)) {
      throw new RuntimeError("CONFIGURATION_ERROR", "A Redis connection needs either a url or a client.");
    }
    if (url !== undefined) assertUrl(url);
    assertTimeout("connectTimeout", connectTimeout);
    assertTimeout("commandTimeout", commandTimeout);
    this.#options = options;
    this.#connectTimeout = connectTimeout;
    this.#commandTimeout = commandTimeout;
  }

  async start(): Promise<void> {
    await this.hold(this);
  }

  async stop(): Promise<void> {
    await this.release(this);
  }

  async health(): Promise<boolean> {
    const link = this.#opened?.link;
    if (!link?.isReady) return false;
    return link.send("PING", [], Math.min(HEALTH_TIMEOUT, this.#commandTimeout)).then(
      (answer) => answer === "PONG",
      () => false,
    );
  }

  /** Keeps the connection open for `holder`. Rejects with `SERVICE_UNAVAILABLE` where Redis can't be reached. */
  hold(holder: object): Promise<void> {
    return this.#inTurn(async () => {
      this.#opened ??= await this.#open();
      this.#holders.add(holder);
    });
  }

  /** Closes the connection unless somebody else holds it. */
  release(holder: object): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#holders.delete(holder) || this.#holders.size > 0) return;
      const opened = this.#opened;
      this.#opened = undefined;
      await opened?.close();
    });
  }

  isHeldBy(holder: object): boolean {
    return this.#holders.has(holder);
  }

  /** Runs a script as one step that nothing else comes between, and resolves to what it returns. */
  async run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [`${keys.length}`, ...keys, ...args];
    try {
      return await this.send("EVALSHA", [script.sha, ...rest]);
    } catch (error) {
      if (!(RuntimeError.is(error) && isUnknownScript(error.cause))) throw error;
      return this.send("EVAL", [script.lua, ...rest]);
    }
  }

  /** Resolves to the answer to one command. */
  async send(command: string, args: string[]): Promise<unknown> {
    if (this.#opened === undefined) {
      throw new RuntimeError("SERVICE_NOT_STARTED", "RedisConnection is not started: call start() first.");
    }
    return this.#opened.link.send(command, args, this.#commandTimeout);
  }

  /** A connection to the same Redis that only listens; it is the caller's to connect and to disconnect. */
  newListener(): RedisListener {
    const { client, url } = this.#options;
    const listening = {
      lazyConnect: true,
      // Who listens subscribes again, and so knows when.
      autoResubscribe: false,
      enableOfflineQueue: false,
      socketTimeout: this.#commandTimeout,
    };
    const listener =
      client === undefined ? this.#newClient(url ?? "", listening) : client.duplicate?.(listening);
    if (listener !== undefined) return { client: listener, pingInterval: this.#commandTimeout };
    throw new RuntimeError("CONFIGURATION_ERROR", "The client has no `duplicate`, by which to get another.");
  }

  async #open(): Promise<{ readonly link: RedisLink; close(): Promise<void> }> {
    const { client, url } = this.#options;
    const own = client === undefined ? this.#newClient(url ?? "") : undefined;
    const link = new RedisLink(client ?? (own as Redis));
    const close = async () => {
      await own?.quit().catch(() => own.disconnect());
      link.detach();
    };
    try {
      await link.open(this.#connectTimeout);
    } catch (error) {
      own?.disconnect();
      link.detach();
      throw error;
    }
    return { link, close };
  }

  #newClient(url: string, options: Partial<ListenerOptions> = {}): Redis {
    const client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: this.#connectTimeout,
      commandTimeout: this.#commandTimeout,
      // A connection on which nothing comes any more is given up, so that a new one is made.
      socketTimeout: this.#commandTimeout,
      retryStrategy: (times) => Math.min(50 * times, MAX_RETRY_DELAY),
      // A command whose connection broke is rejected at once and never sent again: it may have been carried out.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      ...options,
    });
    // The link listens only while it is attached, and without a listener ioredis writes to the console.
    client.on("error", () => undefined);
    return client;
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

const HEALTH_TIMEOUT = 1000;
const MAX_RETRY_DELAY = 1000;

function assertUrl(url: string): void {
  // The URL is not repeated: it may hold a password.
  if (URL.canParse(url) && ["redis:", "rediss:"].includes(new URL(url).protocol)) return;
  throw new RuntimeError("CONFIGURATION_ERROR", "A Redis URL begins with redis:// or rediss://.");
}

function assertTimeout(name: string, timeout: number): void {
  if (Number.isFinite(timeout) && timeout > 0) return;
  throw new RuntimeError("CONFIGURATION_ERROR", `${name} is a number of milliseconds above 0.`);
}
