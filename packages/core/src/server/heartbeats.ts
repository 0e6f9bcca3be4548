import type { StreamWriter } from "./stream-writer.ts";

/**
 * Has streams say something after `interval` milliseconds of silence at the latest. One timer serves them all: one for
 * each would cost its memory, and every event the time to put it off.
 */
export class Heartbeats {
  readonly #interval: number;
  readonly #writers = new Set<StreamWriter>();
  #timer: NodeJS.Timeout | undefined;

  constructor(interval: number) {
    this.#interval = interval;
  }

  add(writer: StreamWriter): void {
    this.#writers.add(writer);
    this.#timer ??= setInterval(this.#tick, this.#interval / TICKS);
  }

  delete(writer: StreamWriter): void {
    this.#writers.delete(writer);
    if (this.#writers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #tick = (): void => {
    for (const writer of this.#writers) writer.tick();
  };
}

/** How many ticks of silence make a heartbeat due: enough that streams don't speak up all at the same time. */
export const TICKS = 16;
