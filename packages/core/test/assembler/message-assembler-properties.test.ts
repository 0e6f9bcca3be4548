import type { AgentPart } from "@agentscope-runtime/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryPart } from "./arbitrary-parts.ts";
import { assemble } from "./assemble.ts";
import { expectLegalStream } from "./legal-stream.ts";

const parts = fc.array(arbitraryPart, { maxLength: 40 });
const status = fc.constantFrom("completed", "failed", "canceled", "incomplete" as const);

it("makes a legal stream of any parts in any order, however the run ends", () => {
  fc.assert(
    fc.property(parts, status, (list, ended) => {
      expectLegalStream(assemble(list, { status: ended }));
    }),
    { numRuns: 500 },
  );
});

it("loses no text", () => {
  fc.assert(
    fc.property(parts, (list) => {
      for (const [kind, type] of [
        ["text-delta", "text"],
        ["refusal-delta", "refusal"],
      ] as const) {
        const pushed = list.filter(
          (part) => part.kind === kind || (type === "text" && part.kind === REASONING),
        );
        const pieces = assemble(list)
          .map(({ event }) => event)
          .filter((event) => event.object === "content" && event.type === type && event.delta);
        const shown = pieces.map((event) => Reflect.get(event, type)).join("");
        const whole = pushed.map((part) => Reflect.get(part, "text")).join("");
        expect(shown).toHaveLength(whole.length);
        // Halves of characters wait for the rest, so that what another message says may come before them.
        expect(shown.replaceAll(HALF, "")).toBe(whole.replaceAll(HALF, ""));
      }
    }),
  );
});

const REASONING = "reasoning-delta";
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])/g;

it("shows growing arguments in a number of bytes that grows no faster than they do", () => {
  const piece = fc.string({ minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 300 }), (pieces) => {
      const list: AgentPart[] = [
        { kind: "tool-call", callId: "call_1", name: "write" },
        ...pieces.map((text) => ({ kind: "tool-arguments-delta", callId: "call_1", text }) as const),
      ];
      const shown = assemble(list).map(({ event }) => {
        const data = event.object === "content" && event.type === "data" ? event.data : null;
        return String(data?.arguments ?? "").length;
      });
      const total = shown.reduce((sum, length) => sum + length, 0);
      // Five times for snapshots that grow by a quarter, and once for the end.
      expect(total).toBeLessThanOrEqual(6 * pieces.join("").length);
    }),
  );
});
