/** A text that grows by small pieces. As one string it would keep a node for each of them until somebody reads it. */
export class GrowingText {
  #text = "";
  #pieces: string[] = [];

  append(piece: string): void {
    if (this.#pieces.push(piece) === BATCH) this.#join();
  }

  toString(): string {
    this.#join();
    return this.#text;
  }

  #join(): void {
    this.#text += this.#pieces.join("");
    this.#pieces = [];
  }
}

/** How many pieces are joined at once. */
const BATCH = 32;
