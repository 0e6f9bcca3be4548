import type { ConnectionOptions as TlsOptions } from "node:tls";
import { RuntimeError } from "@agentscope-runtime/core";
import type { RedisOptions } from "ioredis";

/** Where Redis is: a `url`, or the single parts of it; and how long to wait for it. */
export interface BullMQConnectionOptions {
  /** `redis://[user:password@]host[:port][/database]`, or `rediss://` with TLS. */
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** The number of the database. */
  readonly db?: number | undefined;
  readonly tls?: TlsOptions | undefined;
  /** Where the sentinels are that know the primary called `name`. */
  readonly sentinels?: readonly { readonly host: string; readonly port: number }[] | undefined;
  readonly name?: string | undefined;
  /** How long `start()` waits until Redis can be used, in milliseconds. Defaults to 5000. */
  readonly connectTimeout?: number | undefined;
  /** How long a call waits, for the connection to come back and for its answer, in milliseconds. Defaults to 5000. */
  readonly commandTimeout?: number | undefined;
}

/** What the queue and the dispatcher have in common. */
export interface BullMQOptions {
  readonly connection: BullMQConnectionOptions;
  /** Begins the name of every key. What has different prefixes knows nothing of each other. Defaults to `agentscope`. */
  readonly prefix?: string | undefined;
  /**
   * How long a worker's process may be silent before what it works on is given to another one, in milliseconds; it can
   * take twice as long. Defaults to 30 seconds.
   */
  readonly leaseTtl?: number | undefined;
}

/** What ioredis takes, but for what would change the form of its answers. */
export type RedisSettings = Omit<RedisOptions, "replyMapping">;

export interface Timeouts {
  readonly connectTimeout: number;
  readonly commandTimeout: number;
}

/** The options with their defaults; throws `CONFIGURATION_ERROR` for what can't be. */
export function timeoutsOf({
  connectTimeout = 5000,
  commandTimeout = 5000,
}: BullMQConnectionOptions): Timeouts {
  assertAbove("connectTimeout", connectTimeout, 0);
  assertAbove("commandTimeout", commandTimeout, 0);
  return { connectTimeout, commandTimeout };
}

/** What ioredis takes; throws `CONFIGURATION_ERROR` for a URL of something else. */
export function toRedisSettings(options: BullMQConnectionOptions): RedisSettings {
  const { url, commandTimeout: _, connectTimeout: __, ...parts } = options;
  const given = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
  if (url === undefined) return given;
  // The URL is not repeated: it may hold a password.
  if (!URL.canParse(url) || !["redis:", "rediss:"].includes(new URL(url).protocol)) {
    throw new RuntimeError("CONFIGURATION_ERROR", "A Redis URL begins with redis:// or rediss://.");
  }
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const db = pathname.slice(1);
  if (!/^\d*$/.test(db)) {
    throw new RuntimeError("CONFIGURATION_ERROR", "The path of a Redis URL is the number of a database.");
  }
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || 6379),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(db && { db: Number(db) }),
    ...(protocol === "rediss:" && { tls: {} }),
    ...given,
  };
}

/** Throws `CONFIGURATION_ERROR` unless it is a number above another one. */
export function assertAbove(name: string, value: number, min: number): void {
  if (Number.isFinite(value) && value > min) return;
  throw new RuntimeError("CONFIGURATION_ERROR", `${name} is a number above ${min}.`);
}
