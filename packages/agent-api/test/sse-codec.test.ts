import {
  encodeSseComment,
  encodeSseEvent,
  encodeSseRetry,
  SseDecoder,
  type SseDecoderOptions,
  type SseEvent,
} from "@agentscope-runtime/agent-api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { specifiedSseEvents } from "./specified-sse-events.ts";

type Piece =
  | { kind: "event"; event: SseEvent }
  | { kind: "comment"; text: string }
  | { kind: "retry"; ms: number };

const breaks = ["\n", "\r", "\r\n"];
const tricky = [
  ...breaks,
  " ",
  ":",
  ": ",
  "\0",
  "\t",
  "\uFEFF",
  "\u2028",
  "\u0085",
  "é",
  "你",
  "👩‍👩‍👧",
  "data: ",
  "id:1",
  "retry",
];
const text = fc.string({
  unit: fc.oneof(fc.constantFrom(...tricky), fc.string({ unit: "binary", minLength: 1, maxLength: 1 })),
});
const name = text.map((value) => value.replace(/[\r\n\0]/g, ""));
const event: fc.Arbitrary<SseEvent> = fc.record({
  data: fc.oneof(text, fc.json()),
  event: fc.option(name, { nil: undefined }),
  id: fc.option(name, { nil: undefined }),
});
const piece: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 4, arbitrary: event.map((event): Piece => ({ kind: "event", event })) },
  { weight: 1, arbitrary: text.map((text): Piece => ({ kind: "comment", text })) },
  { weight: 1, arbitrary: fc.nat().map((ms): Piece => ({ kind: "retry", ms })) },
);
const lineBreak = fc.constantFrom(...breaks);
// Evenly spread, as fc.double is not: it prefers the neighbourhood of 0.
const share = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000);
/** Where a stream is cut, as shares of its length. */
const cuts = fc.array(share, { maxLength: 12 });

function encode(piece: Piece): string {
  if (piece.kind === "event") return encodeSseEvent(piece.event);
  return piece.kind === "comment" ? encodeSseComment(piece.text) : encodeSseRetry(piece.ms);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function cut(bytes: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const places = shares.map((share) => Math.round(share * bytes.length)).sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index]));
}

interface Decoded {
  readonly events: readonly SseEvent[];
  readonly lastEventId: string;
  readonly retry: number | undefined;
}

function decode(chunks: readonly (Uint8Array | string)[], options?: SseDecoderOptions): Decoded {
  const decoder = new SseDecoder(options);
  const events = chunks.flatMap((chunk) => decoder.push(chunk));
  return { events, lastEventId: decoder.lastEventId, retry: decoder.retry };
}

/** What a reader is to get of these pieces. */
function expected(pieces: readonly Piece[]): Decoded {
  const sent = pieces.flatMap((piece) => (piece.kind === "event" ? [piece.event] : []));
  return {
    events: sent.map(({ data, event, id }) => ({
      data: data.replace(/\r\n|\r/g, "\n"),
      event: event || undefined,
      id,
    })),
    lastEventId: sent.findLast(({ id }) => id !== undefined)?.id ?? "",
    retry: pieces.findLast((piece) => piece.kind === "retry")?.ms,
  };
}

test("whatever is encoded is decoded, wherever it is cut and however its lines end", () => {
  const stream = fc.array(fc.tuple(piece, lineBreak), { maxLength: 8 });
  fc.assert(
    fc.property(stream, cuts, fc.boolean(), fc.boolean(), (parts, cuts, bom, listens) => {
      const comments: string[] = [];
      const wire = parts.map(([piece, lineBreak]) => encode(piece).replaceAll("\n", lineBreak)).join("");
      const bytes = bytesOf(bom ? `\uFEFF${wire}` : wire);
      const onComment = listens ? (comment: string) => comments.push(comment) : undefined;
      const pieces = parts.map(([piece]) => piece);

      expect(decode(cut(bytes, cuts), { onComment })).toEqual(expected(pieces));
      const said = pieces.flatMap((piece) =>
        piece.kind === "comment" ? piece.text.split(/\r\n|\r|\n/) : [],
      );
      expect(comments).toEqual(listens ? said : []);
    }),
    { numRuns: 500 },
  );
});

test("a stream may come byte by byte, or as text cut inside a surrogate pair", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), lineBreak, (pieces, lineBreak) => {
      const wire = pieces.map(encode).join("").replaceAll("\n", lineBreak);
      const bytes = Array.from(bytesOf(wire), (byte) => Uint8Array.of(byte));
      expect(decode(bytes)).toEqual(expected(pieces));
      expect(decode(wire.split(""))).toEqual(expected(pieces));
    }),
  );
});

test("of a stream that breaks off, exactly the finished events are read", () => {
  const stream = fc.array(event, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(stream, lineBreak, share, (events, lineBreak, share) => {
      const encoded = events.map((event) => bytesOf(encodeSseEvent(event).replaceAll("\n", lineBreak)));
      const bytes = Buffer.concat(encoded);
      const end = Math.round(share * bytes.length);
      // An event is over with the carriage return of its empty line; the line feed adds nothing.
      let length = lineBreak === "\r\n" ? -1 : 0;
      const finished = encoded.filter((event) => {
        length += event.length;
        return length <= end;
      });
      const pieces = events.slice(0, finished.length).map((event): Piece => ({ kind: "event", event }));
      expect(decode([bytes.subarray(0, end)])).toEqual(expected(pieces));
    }),
    { numRuns: 300 },
  );
});

test("any text at all is read as the HTML standard says, wherever it is cut", () => {
  const field = fc.constantFrom("data", "event", "id", "retry", "", "dat", "datas", "Data", "\uFEFFdata");
  const colon = fc.constantFrom(":", ": ", ":  ", "");
  const value = fc.oneof(fc.constantFrom("", "12", "-1", "a", "\0"), text);
  const end = fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r\n", "");
  const line = fc.tuple(field, colon, value, end).map((parts) => parts.join(""));
  const garbage = fc.array(line, { maxLength: 12 }).map((lines) => lines.join(""));
  fc.assert(
    fc.property(garbage, cuts, (text, cuts) => {
      expect(decode(cut(bytesOf(text), cuts))).toEqual(specifiedSseEvents(text));
    }),
    { numRuns: 1000 },
  );
});

test("maxEventLength lets data of that length pass and no longer, wherever the stream is cut", () => {
  const stream = fc.array(event, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(stream, cuts, fc.integer({ min: -2, max: 2 }), (events, cuts, room) => {
      const pieces = events.map((event): Piece => ({ kind: "event", event }));
      const longest = Math.max(...expected(pieces).events.map(({ data }) => data.length));
      const maxEventLength = Math.max(0, longest + room);
      const read = () => decode(cut(bytesOf(pieces.map(encode).join("")), cuts), { maxEventLength });
      if (longest > maxEventLength) expect(read).toThrow(RangeError);
      else expect(read()).toEqual(expected(pieces));
    }),
    { numRuns: 300 },
  );
});
