import { RuntimeError } from "../errors/runtime-error.ts";

/** What a JSON text may hold. */
export interface JsonBounds {
  /** How deep arrays and objects may nest. */
  readonly maxNesting: number;
  /** How many values there may be, arrays and objects included. */
  readonly maxValues: number;
}

/**
 * Throws `INVALID_PARAMETER` for JSON out of bounds. It is the text that is looked at, up to where it goes too far: a
 * few megabytes of brackets make a parser, and whoever gets its result, busy for seconds.
 */
export function assertJsonBounds(text: string, { maxNesting, maxValues }: JsonBounds): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        values++;
        if (++depth > maxNesting) throw outOfBounds(`nests deeper than ${maxNesting} arrays and objects`);
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth--;
        break;
      case COMMA:
        if (++values > maxValues) throw outOfBounds(`holds more than ${maxValues} values`);
        break;
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}

function outOfBounds(how: string): RuntimeError {
  return new RuntimeError("INVALID_PARAMETER", `The body ${how}.`);
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
