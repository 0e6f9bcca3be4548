import { DeltaLogEntry } from "@agentscope-runtime/core";
import fc from "fast-check";
import { expect, it } from "vitest";

it("the event of a piece is what its JSON says, whatever the text is", () => {
  const heads = [
    `"object":"content","status":"in_progress","error":null,"type":"text","index":0,"delta":true,"msg_id":"m","text":`,
    `"attempt":2,"object":"content","status":"in_progress","type":"refusal","index":1,"delta":true,"refusal":`,
  ];
  const texts = fc.array(
    fc.string({ unit: "binary" }).chain((text) => fc.constantFrom(text, `${text}\ud83d`)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...heads), texts, (head, pieces) => {
      for (const [seq, piece] of pieces.entries()) {
        const { json, event, ...entry } = new DeltaLogEntry(seq, head, piece);
        expect(JSON.stringify(event)).toBe(json);
        expect(entry).toMatchObject({ seq, text: piece });
      }
    }),
  );
});

it("events of pieces that share a head are each their own", () => {
  const head = `"object":"content","type":"text","delta":true,"text":`;
  const [first, second] = ["a", "b"].map((text, seq) => new DeltaLogEntry(seq, head, text));
  expect([first?.event, second?.event, first?.event]).toMatchObject([
    { sequence_number: 0, text: "a" },
    { sequence_number: 1, text: "b" },
    { sequence_number: 0, text: "a" },
  ]);
});
