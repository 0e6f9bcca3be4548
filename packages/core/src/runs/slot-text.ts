import { flat } from "../assembler/flat.ts";
import { DeltaHead } from "./delta-head.ts";

/** Pieces that follow each other, as one string. */
interface Batch {
  /** Their text as JSON, without the quotes. */
  readonly json: string;
  /** How many characters each of them has, with commas between. */
  readonly lengths: string;
}

/**
 * A text that grows by small pieces, kept once: for the events of the pieces, which can be made again, and for the event
 * of the whole.
 */
export class SlotText {
  readonly head: DeltaHead;
  readonly #batches: Batch[] = [];
  /** The pieces after those. */
  #recent: string[] = [];
  #length = 0;

  constructor(head: string) {
    this.head = new DeltaHead(head);
  }

  /** Adds a piece and returns its index. */
  append(piece: string): number {
    if (this.#recent.push(piece) === BATCH) this.#pack();
    return this.#length++;
  }

  /** The pieces from index `start` up to `end`, that one not included. */
  slice(start: number, end: number): readonly string[] {
    const first = Math.floor(start / BATCH);
    const packed = this.#batches.slice(first, Math.ceil(end / BATCH)).flatMap(unpack);
    return [...packed, ...this.#recent].slice(start - first * BATCH, end - first * BATCH);
  }

  /** The JSON of the whole, which no piece can follow any more. It is made of the strings that are here anyway. */
  close(): string {
    if (this.#recent.length > 0) this.#pack();
    let json = '"';
    for (const batch of this.#batches) json += batch.json;
    return `${json}"`;
  }

  #pack(): void {
    const json = flat(JSON.stringify(this.#recent.join("")).slice(1, -1));
    this.#batches.push({ json, lengths: this.#recent.map(({ length }) => length).join() });
    this.#recent = [];
  }
}

function unpack({ json, lengths }: Batch): readonly string[] {
  let rest = JSON.parse(`"${json}"`) as string;
  return lengths.split(",").map((length) => {
    const piece = rest.slice(0, Number(length));
    rest = rest.slice(piece.length);
    return piece;
  });
}

/** How many pieces are put into one string. */
const BATCH = 32;
