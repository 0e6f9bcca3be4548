/** When each owner of runs was last heard. */
export class RunOwners {
  readonly #heard = new Map<string, number>();

  /** Takes note of an owner, and returns how long it had been silent; 0 for a new one. */
  hear(owner: string, now: number): number {
    const silence = this.silence(owner, now);
    this.#heard.set(owner, now);
    return silence;
  }

  /** For how long the owner has been silent; 0 for one that was never heard. */
  silence(owner: string, now: number): number {
    return now - (this.#heard.get(owner) ?? now);
  }

  clear(): void {
    this.#heard.clear();
  }
}
