/** What has to do something when the loop has come to the end of its turn. */
export interface EndsTurn {
  onTurnEnd(): void;
}

/** Tells whom it was asked to that the loop has come to the end of its turn, all of them by one immediate. */
export class TurnEnd {
  #pending: EndsTurn[] = [];

  add(waiting: EndsTurn): void {
    if (this.#pending.push(waiting) === 1) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const pending = this.#pending;
    this.#pending = [];
    for (const waiting of pending) waiting.onTurnEnd();
  };
}
