import type { ListenerClient, RedisListener } from "./redis-listener.ts";

/** A channel that somebody watches. */
interface Channel {
  readonly watchers: Set<() => void>;
  listening: boolean;
}

/**
 * Tells watchers when something is published on their channel. All share one connection, which is made for the first of
 * them, and those of a channel one subscription. Whenever the connection comes back everybody is told.
 */
export class RunNotices {
  readonly #channels = new Map<string, Channel>();
  #listener: RedisListener | undefined;
  #pinger: NodeJS.Timeout | undefined;

  /** Takes the connection to listen on, which is made when somebody watches. */
  start(listener: RedisListener): void {
    this.#listener = listener;
  }

  /** Calls `onChange` once it listens and then at each notice, until the function it returns is called. */
  watch(name: string, onChange: () => void): () => void {
    // Not the function itself: the same may watch twice.
    const watcher = () => onChange();
    const known = this.#channels.get(name);
    const channel = known ?? { watchers: new Set(), listening: false };
    channel.watchers.add(watcher);
    if (known === undefined) {
      this.#channels.set(name, channel);
      this.#subscribe([name]);
    } else if (channel.listening) {
      queueMicrotask(() => {
        if (channel.watchers.has(watcher)) watcher();
      });
    }
    return () => {
      if (!channel.watchers.delete(watcher) || channel.watchers.size > 0) return;
      if (this.#channels.get(name) !== channel) return;
      this.#channels.delete(name);
      const client = this.#listener?.client;
      if (client?.status === "ready") client.call("unsubscribe", [name]).catch(ignore);
    };
  }

  /** Ends all watching. */
  close(): void {
    this.#channels.clear();
    clearInterval(this.#pinger);
    this.#pinger = undefined;
    this.#listener?.client.disconnect();
    this.#listener = undefined;
  }

  #subscribe(names: readonly string[]): void {
    const client = this.#connected();
    if (client?.status !== "ready" || names.length === 0) return;
    const channels = names.map((name) => this.#channels.get(name));
    // What fails here is done again when the connection comes back.
    client.call("subscribe", [...names]).then(() => {
      for (const channel of channels) {
        if (channel === undefined) continue;
        channel.listening = true;
        for (const watcher of channel.watchers) watcher();
      }
    }, ignore);
  }

  #connected(): ListenerClient | undefined {
    if (this.#listener === undefined || this.#pinger !== undefined) return this.#listener?.client;
    const { client, pingInterval } = this.#listener;
    this.#pinger = setInterval(this.#ping, pingInterval).unref();
    client.on("error", ignore);
    client.on("message", (name) => {
      for (const watcher of this.#channels.get(String(name))?.watchers ?? []) watcher();
    });
    client.on("ready", () => {
      for (const channel of this.#channels.values()) channel.listening = false;
      this.#subscribe([...this.#channels.keys()]);
    });
    client.connect().catch(ignore);
    return client;
  }

  // The client gives up a connection on which a question is not answered, and makes another.
  readonly #ping = (): void => {
    const client = this.#listener?.client;
    if (client?.status === "ready" && this.#channels.size > 0) client.call("ping", []).catch(ignore);
  };
}

function ignore(): void {}
