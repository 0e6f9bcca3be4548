import type { ListenerClient, ListenerOptions } from "./redis-listener.ts";

/** What these services need of a client. A `Redis` of ioredis 5 or 6 has it. */
export interface RedisClient {
  /** `ready` while commands can be sent, `wait` before the first connect, `end` once it is closed for good. */
  readonly status: string;
  connect(): Promise<void>;
  call(command: string, args: string[]): Promise<unknown>;
  on(event: "ready" | "error", listener: (error?: unknown) => void): unknown;
  off(event: "ready" | "error", listener: (error?: unknown) => void): unknown;
  /** A client for another connection to the same Redis; only the `RedisRunStore` needs one. */
  duplicate?(options: ListenerOptions): ListenerClient;
}
