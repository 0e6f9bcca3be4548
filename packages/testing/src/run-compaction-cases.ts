import type { LogEntry, RunStore } from "@agentscope-runtime/core";
import { describe, expect, it, vi } from "vitest";
import { deltaEntry, responseEntry } from "./log-entries.ts";
import { createRun, readRun } from "./run-cases.ts";
import type { RunStoreSuiteCreateOptions } from "./run-store-suite.ts";

/** Registers what becomes of the log of a run that ended a while ago. */
export function runCompactionCases(
  create: (options: RunStoreSuiteCreateOptions) => Promise<RunStore> | RunStore,
): void {
  describe("compaction", () => {
    it("joins the pieces of each text, and keeps every number and every place to begin at", async () => {
      const store = await create({ compactAfter: 0 });
      await store.start();
      const { run, lease } = await createRun(store);
      const words = Array.from({ length: 40 }, (_, index) => `word ${index} \n\u0000🦊"`);
      const entries = [
        ...words.slice(0, 20).map((word, index) => deltaEntry(1 + index, word)),
        responseEntry(21, run.id, "in_progress"),
        ...words.slice(20).map((word, index) => deltaEntry(22 + index, word, 1)),
      ];
      // As they come: several in one write, and one alone.
      await store.append(lease, entries.slice(0, 7));
      await store.append(lease, entries.slice(7, 8));
      await store.append(lease, entries.slice(8));
      const whole = [...(await readRun(store, run.id))];
      expect(whole).toHaveLength(42);
      await store.finish(lease, "completed", [responseEntry(42, run.id, "completed")]);
      await store.release(lease);
      const compacted = await vi.waitFor(
        async () => {
          const read = await readRun(store, run.id);
          expect(read).toHaveLength(5);
          return read;
        },
        { timeout: 5000, interval: 20 },
      );
      expect(compacted.map(({ seq, count = 1 }) => [seq, count])).toEqual([
        [0, 1],
        [20, 20],
        [21, 1],
        [41, 20],
        [42, 1],
      ]);
      expect(compacted.map(textOf)).toEqual([
        undefined,
        words.slice(0, 20).join(""),
        undefined,
        words.slice(20).join(""),
        undefined,
      ]);
      expect(compacted[1]?.event).toMatchObject({
        sequence_number: 20,
        compacted: 20,
        delta: true,
        index: 0,
      });
      for (let after = -1; after <= 42; after++) {
        const rest = await readRun(store, run.id, { after, follow: after % 2 === 0 });
        const known = rest.reduce((next, { seq, count = 1 }) => {
          expect(seq - count).toBe(next);
          return seq;
        }, after);
        expect(known).toBe(42);
        const before = whole
          .filter(({ seq }) => seq <= after)
          .map(textOf)
          .join("");
        expect(before + rest.map(textOf).join("")).toBe(words.join(""));
      }
      expect((await store.get(run.id))?.lastSeq).toBe(42);
      await store.stop();
    });
  });
}

function textOf({ event }: LogEntry): string | undefined {
  return event.object === "content" && event.type === "text" ? (event.text ?? undefined) : undefined;
}
