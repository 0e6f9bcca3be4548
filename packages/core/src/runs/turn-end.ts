/** Calls functions when the loop has come to the end of its turn, all of them by one immediate. */
export class TurnEnd {
  #pending: (() => void)[] = [];

  add(call: () => void): void {
    if (this.#pending.push(call) === 1) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const calls = this.#pending;
    this.#pending = [];
    for (const call of calls) call();
  };
}
