/** What is started and stopped. */
export interface Living {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Something that the servers of an app share: made and started for the first of them, stopped with the last. */
export class SharedLife<Life extends Living> {
  readonly #make: () => Life;
  readonly #users = new Set<object>();
  #life: Life | undefined;
  #change: Promise<void> = Promise.resolve();

  constructor(make: () => Life) {
    this.#make = make;
  }

  /** What is shared, from the first start on. */
  get current(): Life | undefined {
    return this.#life;
  }

  /** Starts it unless others have. Where that fails it is stopped again, and nobody has entered. */
  enter(user: object): Promise<void> {
    return this.#next(async () => {
      if (this.#life === undefined) this.#life = await started(this.#make());
      this.#users.add(user);
    });
  }

  /** Stops it unless others use it. Who has not entered changes nothing. */
  leave(user: object): Promise<void> {
    return this.#next(async () => {
      if (!this.#users.delete(user) || this.#users.size > 0) return;
      const life = this.#life;
      this.#life = undefined;
      await life?.stop();
    });
  }

  #next(change: () => Promise<void>): Promise<void> {
    const done = this.#change.then(change);
    this.#change = done.catch(() => undefined);
    return done;
  }
}

async function started<Life extends Living>(life: Life): Promise<Life> {
  try {
    await life.start();
    return life;
  } catch (error) {
    // What went wrong first says more.
    await life.stop().catch(() => undefined);
    throw error;
  }
}
