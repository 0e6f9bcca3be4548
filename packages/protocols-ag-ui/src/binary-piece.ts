import type { AGUIEvent } from "@ag-ui/core";

/** Where the protocol buffers of AG-UI have what a piece of text is made of. */
interface Fields {
  /** The tag of the event in its envelope. */
  readonly event: readonly number[];
  /** The head of the event, up to the length of the message's id: which type it is of. */
  readonly head: readonly number[];
  /** The tag of the text. */
  readonly delta: number;
}

const FIELDS: Readonly<Record<string, Fields>> = {
  TEXT_MESSAGE_CONTENT: { event: [0x12], head: [0x0a, 2, 0x08, 1, 0x12], delta: 0x1a },
  REASONING_MESSAGE_CONTENT: { event: [0xda, 0x01], head: [0x0a, 2, 0x08, 26, 0x1a], delta: 0x22 },
};

/**
 * A piece of text in the binary form, with its length before it; `undefined` for other events, and for what has more to
 * it. To the byte what the SDK makes of it, but most of a stream is such pieces, and the SDK takes each through a schema.
 */
export function toBinaryPiece(event: AGUIEvent): Uint8Array | undefined {
  if (event.type !== "TEXT_MESSAGE_CONTENT" && event.type !== "REASONING_MESSAGE_CONTENT") return undefined;
  const { type, messageId, delta } = event;
  const fields = FIELDS[type];
  if (fields === undefined || messageId === "" || delta === "" || Object.keys(event).length !== 3)
    return undefined;
  const idLength = Buffer.byteLength(messageId);
  const textLength = Buffer.byteLength(delta);
  const length = fields.head.length + sizeOf(idLength) + idLength + 1 + sizeOf(textLength) + textLength;
  const whole = fields.event.length + sizeOf(length) + length;
  const bytes = Buffer.allocUnsafe(LENGTH + whole);
  let at = bytes.writeUInt32BE(whole);
  for (const byte of fields.event) bytes[at++] = byte;
  at = writeSize(bytes, at, length);
  for (const byte of fields.head) bytes[at++] = byte;
  at = writeSize(bytes, at, idLength);
  at += bytes.write(messageId, at);
  bytes[at++] = fields.delta;
  at = writeSize(bytes, at, textLength);
  bytes.write(delta, at);
  return bytes;
}

/** How many bytes the length before an event takes. */
const LENGTH = 4;

function sizeOf(length: number): number {
  let size = 1;
  for (let rest = length; rest > 0x7f; rest >>>= 7) size++;
  return size;
}

/** Writes a length as protocol buffers have it, and says where it ends. */
function writeSize(bytes: Uint8Array, at: number, length: number): number {
  let place = at;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) bytes[place++] = (rest & 0x7f) | 0x80;
  bytes[place++] = rest;
  return place;
}
