import type { LogEntry, RunStore } from "@agentscope-runtime/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { responseEntry, textEntries, textEntry } from "./log-entries.ts";
import { createRun, endRun, plain, readRun, seqs } from "./run-cases.ts";

/** Registers how the log of a run is read. */
export function runReadCases(store: () => RunStore): void {
  describe("read", () => {
    it("gives what is there, from anywhere, and ends", async () => {
      const { run, lease } = await createRun(store());
      await store().append(lease, textEntries(1, 3));
      expect(seqs(await readRun(store(), run.id))).toEqual([0, 1, 2, 3]);
      expect(seqs(await readRun(store(), run.id, { after: 1 }))).toEqual([2, 3]);
      expect(await readRun(store(), run.id, { after: 3 })).toEqual([]);
      expect(await readRun(store(), run.id, { after: 100 })).toEqual([]);
    });

    it("follows a run until it ends", async () => {
      const { run, lease } = await createRun(store());
      const reading = readRun(store(), run.id, { after: 0, follow: true });
      const entries = [...textEntries(1, 3), responseEntry(4, run.id, "completed")];
      for (const entry of entries.slice(0, 3)) await store().append(lease, [entry]);
      await store().finish(lease, "completed", entries.slice(3));
      expect(plain(await reading)).toEqual(plain(entries));
    });

    it("brings an entry before the next is written", async () => {
      const { run, lease } = await createRun(store());
      const reading = store().read(run.id, { after: 0, follow: true })[Symbol.asyncIterator]();
      for (let seq = 1; seq <= 5; seq++) {
        const next = reading.next();
        await store().append(lease, [textEntry(seq)]);
        expect(seqs((await next).value as readonly LogEntry[])).toEqual([seq]);
      }
      await endRun(store(), lease, "completed", 6);
      expect(seqs((await reading.next()).value as readonly LogEntry[])).toEqual([6]);
      expect((await reading.next()).done).toBe(true);
    });

    it("replays an ended run to whoever comes late, and ends at its last entry", async () => {
      const { run, lease } = await createRun(store());
      await store().append(lease, textEntries(1, 2));
      await endRun(store(), lease, "failed", 3);
      expect(seqs(await readRun(store(), run.id, { follow: true }))).toEqual([0, 1, 2, 3]);
      expect(seqs(await readRun(store(), run.id, { after: 2, follow: true }))).toEqual([3]);
      expect(await readRun(store(), run.id, { after: 3, follow: true })).toEqual([]);
      expect(await readRun(store(), run.id, { after: 100, follow: true })).toEqual([]);
    });

    it("gives 50 readers the same", async () => {
      const { run, lease } = await createRun(store());
      const readers = Array.from({ length: 50 }, () => readRun(store(), run.id, { follow: true }));
      for (let seq = 1; seq < 50; seq++) await store().append(lease, [textEntry(seq)]);
      await endRun(store(), lease, "completed", 50);
      const expected = Array.from({ length: 51 }, (_, seq) => seq);
      for (const entries of await Promise.all(readers)) expect(seqs(entries)).toEqual(expected);
    });

    it("lets a reader be slow, or leave early, without a harm to others", async () => {
      const { run, lease } = await createRun(store());
      const slow = store().read(run.id, { follow: true })[Symbol.asyncIterator]();
      expect(seqs((await slow.next()).value as readonly LogEntry[])).toEqual([0]);
      const quick = readRun(store(), run.id, { follow: true });
      for await (const batch of store().read(run.id, { follow: true })) {
        expect(batch.length).toBeGreaterThan(0);
        break;
      }
      await store().append(lease, textEntries(1, 100));
      await endRun(store(), lease, "completed", 101);
      expect(await quick).toHaveLength(102);
      const rest: LogEntry[] = [];
      for (let next = await slow.next(); !next.done; next = await slow.next()) rest.push(...next.value);
      expect(seqs(rest)).toEqual(Array.from({ length: 101 }, (_, index) => index + 1));
    });

    it("ends without an error when the signal aborts, before, while waiting, and between two batches", async () => {
      const { run, lease } = await createRun(store());
      expect(await readRun(store(), run.id, { follow: true, signal: AbortSignal.abort() })).toEqual([]);

      const waiting = new AbortController();
      const reading = readRun(store(), run.id, { follow: true, signal: waiting.signal });
      await store().append(lease, [textEntry(1)]);
      waiting.abort();
      expect(seqs(await reading)).toEqual([0, 1].slice(0, (await reading).length));

      const between = new AbortController();
      const seen: number[] = [];
      for await (const batch of store().read(run.id, { follow: true, signal: between.signal })) {
        seen.push(...seqs(batch));
        between.abort();
      }
      expect(seen).toEqual([0, 1].slice(0, seen.length));
      await store().append(lease, [textEntry(2)]);
    });

    it("does not know a run that is not there", async () => {
      for (const follow of [false, true]) {
        const reading = readRun(store(), "unknown", { follow });
        await expect(reading).rejects.toMatchObject({ code: "RESOURCE_NOT_FOUND" });
      }
    });

    it("shows every reader every later entry once, live or replayed, wherever it begins", async () => {
      const readers = fc.array(
        fc.record({ joins: fc.nat(8), after: fc.integer({ min: -1, max: 30 }), follow: fc.boolean() }),
        { minLength: 1, maxLength: 6 },
      );
      const batches = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 8 });
      await fc.assert(fc.asyncProperty(batches, readers, readersSeeAll), { numRuns: 40 });
    });
  });

  // Readers join before the batch of that number is written, or else when the run has ended.
  async function readersSeeAll(batches: readonly number[], readers: readonly Reader[]): Promise<void> {
    const { run, lease } = await createRun(store());
    let written = 1;
    const readings: Promise<void>[] = [];
    const join = async ({ after, follow }: Reader) => {
      const known = written;
      const found = seqs(await readRun(store(), run.id, { after, follow }));
      expect(found).toEqual(found.map((_, index) => after + 1 + index));
      const end = after + 1 + found.length;
      if (follow) expect(end).toBe(Math.max(after + 1, written));
      else expect(end).toBeGreaterThanOrEqual(Math.min(known, written));
    };
    for (const [index, count] of batches.entries()) {
      readings.push(...readers.filter(({ joins }) => joins === index).map(join));
      await store().append(lease, textEntries(written, count));
      written += count;
    }
    await endRun(store(), lease, "completed", written++);
    readings.push(...readers.filter(({ joins }) => joins >= batches.length).map(join));
    await Promise.all(readings);
  }
}

interface Reader {
  readonly joins: number;
  readonly after: number;
  readonly follow: boolean;
}
