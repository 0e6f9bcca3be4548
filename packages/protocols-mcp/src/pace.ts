/** Lets a call say no more than its client takes: the SDK would keep whatever it is given. */
export class Pace {
  #ahead = 0;
  #room = Promise.withResolvers<void>();
  #over = false;

  /** Counts a message that was given out, and resolves when there is room for the next. */
  async given(): Promise<void> {
    this.#ahead++;
    while (this.#ahead >= WINDOW && !this.#over) await this.#room.promise;
  }

  /** Counts a message that was taken. */
  taken(): void {
    this.#ahead--;
    this.#open();
  }

  /** Nobody takes any more. */
  end(): void {
    this.#over = true;
    this.#open();
  }

  #open(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }
}

/** How many messages may be on their way. */
const WINDOW = 8;
