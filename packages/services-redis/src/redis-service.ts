import { RuntimeError, type Service, type SessionKey, sessionKeyText } from "@agentscope-runtime/core";
import { RedisConnection, type RedisConnectionOptions } from "./redis-connection.ts";
import type { RedisListener } from "./redis-listener.ts";
import type { RedisScript } from "./redis-script.ts";

/** Where a service keeps its data: give `url`, `client` or `connection`. */
export interface RedisServiceOptions extends RedisConnectionOptions {
  /** A connection that several services share; its own timeouts hold. */
  readonly connection?: RedisConnection | undefined;
  /** Begins the name of every key. Services with different prefixes know nothing of each other. Defaults to `agentscope`. */
  readonly prefix?: string | undefined;
}

/** The life of a service whose data is in Redis. */
export abstract class RedisService implements Service {
  readonly #name: string;
  readonly #prefix: string;
  readonly #space: string;
  readonly #connection: RedisConnection;

  /** `space` sets the service's keys apart from those of other services under the same prefix. */
  protected constructor(name: string, space: string, options: RedisServiceOptions) {
    const { connection, prefix = "agentscope" } = options;
    if (connection !== undefined && (options.url ?? options.client) !== undefined) {
      throw new RuntimeError(
        "CONFIGURATION_ERROR",
        `${name} takes a connection, or a url or client, not both.`,
      );
    }
    this.#name = name;
    this.#prefix = JSON.stringify(prefix).slice(1, -1);
    this.#space = `${this.#prefix}:${space}`;
    this.#connection = connection ?? new RedisConnection(options);
  }

  async start(): Promise<void> {
    await this.#connection.hold(this);
  }

  async stop(): Promise<void> {
    await this.#connection.release(this);
  }

  async health(): Promise<boolean> {
    return this.#connection.isHeldBy(this) && (await this.#connection.health());
  }

  /** The key of `part`, of what `of` names. Both prefix and name are JSON text, so different ones never meet. */
  protected key(part: string, of?: string): string {
    return of === undefined ? `${this.#space}:${part}` : `${this.#space}:${part}:${of}`;
  }

  /** The key of a session's fence, the same for all services. */
  protected fenceKey(session: SessionKey): string {
    return `${this.#prefix}:fence:${sessionKeyText(session)}`;
  }

  /** Runs a script; throws `SERVICE_NOT_STARTED` before `start()` and after `stop()`. */
  protected async run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    if (!this.#connection.isHeldBy(this)) {
      throw new RuntimeError("SERVICE_NOT_STARTED", `${this.#name} is not started: call start() first.`);
    }
    return this.#connection.run(script, keys, args);
  }

  /** A connection that only listens; it is the caller's to connect and to disconnect. */
  protected newListener(): RedisListener {
    return this.#connection.newListener();
  }
}
