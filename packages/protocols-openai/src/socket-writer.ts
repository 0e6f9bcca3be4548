import type { ConnectionLimits } from "@agentscope-runtime/core";
import type { WebSocket } from "@fastify/websocket";

/** Writes to one socket, with respect for its pace, and lets go of a peer that takes nothing or has fallen silent. */
export class SocketWriter {
  readonly #socket: WebSocket;
  readonly #limits: ConnectionLimits;
  readonly #heartbeat: NodeJS.Timeout;
  #heard = performance.now();

  constructor(socket: WebSocket, limits: ConnectionLimits) {
    this.#socket = socket;
    this.#limits = limits;
    for (const sign of ["message", "ping", "pong"] as const) {
      socket.on(sign, () => {
        this.#heard = performance.now();
      });
    }
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeat);
    socket.once("close", () => clearInterval(this.#heartbeat));
  }

  /** True while the peer has not taken what it was sent. */
  get isFull(): boolean {
    return this.#socket.bufferedAmount > HIGH_WATER;
  }

  /** Sends a frame. Wait for the promise, if there is one, before you send more: it resolves with the socket's end, too. */
  send(event: object): Promise<void> | undefined {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return undefined;
    const text = JSON.stringify(event);
    if (socket.bufferedAmount + text.length <= HIGH_WATER) {
      socket.send(text);
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    // A large frame may take its time.
    const megabytes = Math.ceil((socket.bufferedAmount + text.length) / 2 ** 20);
    const timer = setTimeout(() => socket.terminate(), this.#limits.stallTimeout * megabytes);
    socket.send(text, () => {
      clearTimeout(timer);
      resolve();
    });
    return promise;
  }

  /** Says goodbye; who does not answer that is cut off. */
  close(code: number, reason: string): void {
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return;
    // What waits to be read is read away, or the answer would never be seen.
    socket.resume();
    socket.close(code, reason);
    const timer = setTimeout(() => socket.terminate(), LAST_WORDS);
    socket.once("close", () => clearTimeout(timer));
  }

  #beat(): void {
    const { heartbeat, stallTimeout } = this.#limits;
    // Nothing can be heard of a socket that is not listened to; what is sent shows whether its peer is there.
    const silent = !this.#socket.isPaused && performance.now() - this.#heard > heartbeat + stallTimeout;
    if (silent) this.#socket.terminate();
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }
}

/** How many bytes may wait in a socket before its writer waits as well. */
const HIGH_WATER = 65_536;

/** How long a peer may take to answer a goodbye, in milliseconds. */
const LAST_WORDS = 1000;
