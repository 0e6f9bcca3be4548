/** A second connection, on which a service listens to what is published. */
export interface RedisListener {
  readonly client: ListenerClient;
  /** How often to ask whether it still works, in milliseconds: else nobody would learn that nothing comes any more. */
  readonly pingInterval: number;
}

/** A client that subscribes to channels and does nothing else. */
export interface ListenerClient {
  readonly status: string;
  connect(): Promise<void>;
  call(command: string, args: string[]): Promise<unknown>;
  on(event: "ready" | "error" | "message", listener: (channel?: unknown) => void): unknown;
  disconnect(): void;
}

/** What is special about such a client. */
export interface ListenerOptions {
  readonly lazyConnect: boolean;
  readonly autoResubscribe: boolean;
  readonly enableOfflineQueue: boolean;
  readonly socketTimeout: number;
}
