import { StringDecoder } from "node:string_decoder";

/**
 * Collects UTF-8 output of any length in bounded memory: output within the limit is kept whole, of longer
 * output the beginning and the end are kept, with a note between them that says how much is missing.
 */
export class CappedOutput {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #head: Buffer[] = [];
  readonly #tail: Buffer[] = [];
  #tailBytes = 0;
  #written = 0;

  constructor(maxBytes: number) {
    this.#headLimit = Math.ceil(maxBytes / 2);
    this.#tailLimit = Math.floor(maxBytes / 2);
  }

  /** The number of bytes written so far, kept or not. */
  get written(): number {
    return this.#written;
  }

  write(chunk: Buffer): void {
    const room = Math.max(0, this.#headLimit - this.#written);
    this.#written += chunk.length;
    if (room > 0) this.#head.push(chunk.subarray(0, room));
    if (chunk.length > room) this.#writeTail(chunk.subarray(room));
  }

  toString(): string {
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (this.#written <= this.#headLimit + this.#tailLimit) return Buffer.concat([head, tail]).toString();
    const end = withoutBrokenStart(tail.subarray(tail.length - this.#tailLimit));
    const missing = this.#written - head.length - end.length;
    // The decoder holds back a character whose bytes are incomplete.
    return `${new StringDecoder("utf8").write(head)}\n[${missing} bytes of output left out]\n${end.toString()}`;
  }

  #writeTail(chunk: Buffer): void {
    this.#tail.push(chunk);
    this.#tailBytes += chunk.length;
    for (let first = this.#tail[0]; first !== undefined; first = this.#tail[0]) {
      if (this.#tailBytes - first.length < this.#tailLimit) break;
      this.#tailBytes -= first.length;
      this.#tail.shift();
    }
  }
}

function withoutBrokenStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start += 1;
  return bytes.subarray(start);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
}
