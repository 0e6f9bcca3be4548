import fc from "fast-check";
import { expect, test } from "vitest";
import { CappedOutput } from "../src/capped-output.ts";

const collect = (bytes: Buffer, sizes: readonly number[], maxBytes: number): CappedOutput => {
  const output = new CappedOutput(maxBytes);
  let start = 0;
  for (const size of sizes) {
    output.write(bytes.subarray(start, start + size));
    start += size;
  }
  output.write(bytes.subarray(start));
  return output;
};

test("keeps output within the limit whole, whatever its chunks", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.nat(9)), (text, sizes) => {
      const bytes = Buffer.from(text);
      expect(collect(bytes, sizes, bytes.length).toString()).toBe(text);
    }),
  );
});

test("keeps the two ends of longer output, whatever its chunks, and breaks no character", () => {
  const longText = fc.string({ unit: "grapheme", minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(longText, fc.array(fc.nat(9)), fc.integer({ min: 0, max: 19 }), (text, sizes, maxBytes) => {
      const bytes = Buffer.from(text);
      const output = collect(bytes, sizes, maxBytes);
      expect(output.written).toBe(bytes.length);
      const shown = output.toString();
      const [note = ""] = /\n\[\d+ bytes of output left out\]\n/.exec(shown) ?? [];
      const at = shown.indexOf(note);
      const [head, tail] = [shown.slice(0, at), shown.slice(at + note.length)];
      expect(note).not.toBe("");
      expect(text.startsWith(head)).toBe(true);
      expect(text.endsWith(tail)).toBe(true);
      expect(Buffer.byteLength(head + tail)).toBeLessThanOrEqual(maxBytes);
      expect(Buffer.byteLength(head + tail)).toBeGreaterThanOrEqual(maxBytes - 6);
    }),
  );
});

test("holds no more than the limit and a chunk in memory", () => {
  const output = new CappedOutput(100);
  for (let i = 0; i < 1000; i += 1) output.write(Buffer.alloc(1000, "x"));
  expect(output.written).toBe(1_000_000);
  expect(output.toString()).toBe(`${"x".repeat(50)}\n[999900 bytes of output left out]\n${"x".repeat(50)}`);
});
