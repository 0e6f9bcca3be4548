import type { Redis } from "ioredis";

/** A channel that somebody watches. */
interface Channel {
  readonly watchers: Set<() => void>;
  listening: boolean;
}

/**
 * Tells watchers when something is published on their channel. All share one connection, which is made for the first of
 * them, and those of a channel one subscription. Everybody is told when the connection comes back, and every few seconds:
 * a notice may get lost.
 */
export class Notices {
  readonly #open: () => Redis;
  readonly #channels = new Map<string, Channel>();
  #listener: Redis | undefined;
  #reminder: NodeJS.Timeout | undefined;

  constructor(open: () => Redis) {
    this.#open = open;
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
      if (this.#listener?.status === "ready") this.#listener.unsubscribe(name).catch(ignore);
    };
  }

  /** Ends all watching. */
  close(): void {
    clearInterval(this.#reminder);
    this.#channels.clear();
    this.#listener?.disconnect();
    this.#listener = undefined;
  }

  #subscribe(names: readonly string[]): void {
    const listener = this.#connected();
    if (listener.status !== "ready" || names.length === 0) return;
    const channels = names.map((name) => this.#channels.get(name));
    // What fails here is done again when the connection comes back.
    listener.subscribe(...names).then(() => {
      for (const channel of channels) {
        if (channel === undefined) continue;
        channel.listening = true;
        for (const watcher of channel.watchers) watcher();
      }
    }, ignore);
  }

  #connected(): Redis {
    if (this.#listener !== undefined) return this.#listener;
    const listener = this.#open();
    this.#listener = listener;
    this.#reminder = setInterval(() => this.#tellAll(), REMINDER).unref();
    listener.on("message", (name) => {
      for (const watcher of this.#channels.get(name)?.watchers ?? []) watcher();
    });
    listener.on("ready", () => {
      for (const channel of this.#channels.values()) channel.listening = false;
      this.#subscribe([...this.#channels.keys()]);
    });
    return listener;
  }

  #tellAll(): void {
    for (const { watchers } of this.#channels.values()) for (const watcher of watchers) watcher();
  }
}

const REMINDER = 5000;

function ignore(): void {}
