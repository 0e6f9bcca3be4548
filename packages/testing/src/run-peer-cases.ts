import type { LogEntry, RunStore } from "@agentscope-runtime/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { responseEntry, textEntries, textEntry } from "./log-entries.ts";
import { newRun } from "./new-run.ts";
import { createRun, endRun, plain, readRun, seqs } from "./run-cases.ts";

/** Registers what holds between two stores over the same data, as two processes have them. */
export function runPeerCases(
  store: () => RunStore,
  open: (store: RunStore) => Promise<RunStore> | RunStore,
): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };

  describe("beside another store over the same data", () => {
    let peer: RunStore;
    beforeEach(async () => {
      peer = await open(store());
      await peer.start();
    });
    afterEach(() => peer.stop());

    it("is read there while it is written here, each entry once and before the next", async () => {
      const { run, lease } = await createRun(store());
      const reading = peer.read(run.id, { follow: true })[Symbol.asyncIterator]();
      expect(seqs((await reading.next()).value as readonly LogEntry[])).toEqual([0]);
      for (let seq = 1; seq <= 5; seq++) {
        const next = reading.next();
        await store().append(lease, [textEntry(seq)]);
        expect(seqs((await next).value as readonly LogEntry[])).toEqual([seq]);
      }
      await endRun(store(), lease, "completed", 6);
      expect(seqs((await reading.next()).value as readonly LogEntry[])).toEqual([6]);
      expect((await reading.next()).done).toBe(true);
    });

    it("shows the same entries to 20 readers there and here, wherever they begin", async () => {
      const { run, lease } = await createRun(store());
      const entries = [...textEntries(1, 200), responseEntry(201, run.id, "completed")];
      const readers = Array.from({ length: 20 }, (_, index) =>
        readRun(index % 2 === 0 ? peer : store(), run.id, { after: index * 10, follow: true }),
      );
      for (let at = 0; at < 200; at += 8) await store().append(lease, entries.slice(at, at + 8));
      await store().finish(lease, "completed", entries.slice(200));
      for (const [index, read] of (await Promise.all(readers)).entries()) {
        expect(plain(read)).toEqual(plain(entries.slice(index * 10)));
      }
    });

    it("takes one of 50 answers to a run that come here and there at once", async () => {
      const answers = Array.from({ length: 50 }, (_, index) => {
        const run = newRun();
        const answer = { ...run, request: { ...run.request, continues: "asked" } };
        return (index % 2 === 0 ? peer : store()).create(answer);
      });
      const settled = await Promise.allSettled(answers);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const result of settled) {
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "RUN_ANSWERED" });
      }
    });

    it("is canceled from there", async () => {
      const { run, lease } = await createRun(store());
      const watch = store().watchCancel(run.id, new AbortController().signal);
      expect(await peer.requestCancel(run.id, { reason: "a test" })).toMatchObject({ id: run.id });
      const asked = performance.now();
      expect(await watch).toEqual({ reason: "a test" });
      expect(performance.now() - asked).toBeLessThan(1000);
      expect(await endRun(store(), lease, "completed")).toBe(false);
      expect(await endRun(store(), lease, "canceled")).toBe(true);
      expect((await peer.get(run.id))?.status).toBe("canceled");
    });

    it("lines up the runs of a session whoever takes them on", async () => {
      const order: number[] = [];
      const fences: number[] = [];
      const turns: (() => Promise<void>)[] = [];
      for (let index = 0; index < 6; index++) {
        const at = index % 2 === 0 ? store() : peer;
        const { lease, ahead } = await createRun(at, { session, owner: `owner ${index % 2}` });
        expect(ahead).toBe(index);
        turns.push(async () => {
          fences.push(await at.waitTurn(lease));
          order.push(index);
          await endRun(at, lease);
          await at.release(lease);
        });
      }
      await Promise.all(turns.toReversed().map((turn) => turn()));
      expect(order).toEqual([0, 1, 2, 3, 4, 5]);
      expect(fences).toEqual(fences.toSorted((left, right) => left - right));
      expect(new Set(fences).size).toBe(6);
    });

    it("makes one run of one key, however many ask at once", async () => {
      const idempotency = { key: "key", fingerprint: "a" };
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store() : peer).create(newRun({ idempotency })),
        ),
      );
      expect(results.filter(({ kind }) => kind === "created")).toHaveLength(1);
      expect(new Set(results.map(({ run }) => run.id)).size).toBe(1);
    });

    it("makes one run of one id, and one of a session that rejects others", async () => {
      const both = (index: number) => (index % 2 === 0 ? store() : peer);
      const sameId = Array.from({ length: 10 }, (_, index) => both(index).create(newRun({ id: "same" })));
      const ids = await Promise.allSettled(sameId);
      expect(ids.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const sameSession = Array.from({ length: 10 }, (_, index) =>
        both(index).create(newRun({ session, policy: "reject" })),
      );
      const sessions = await Promise.allSettled(sameSession);
      expect(sessions.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    it("refuses what a former owner writes, and sends its readers after the new one", async () => {
      const { run, lease } = await createRun(store(), { session, owner: "here" });
      await store().append(lease, textEntries(1, 2));
      const reading = readRun(store(), run.id, { follow: true });
      const taken = await peer.acquire(run.id, "there");
      expect(taken.nextSeq).toBe(3);
      await peer.append(taken, textEntries(3, 2));
      await expect(store().append(lease, textEntries(3, 1))).rejects.toMatchObject({ code: "FENCED" });
      await endRun(peer, taken, "failed", 5);
      expect(seqs(await reading)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await readRun(peer, run.id)).toHaveLength(6);
    });

    it("ends a run once, whoever is first", async () => {
      for (let round = 0; round < 10; round++) {
        const { run, lease } = await createRun(store());
        const [done, canceled] = await Promise.all([
          endRun(store(), lease, "completed"),
          peer.requestCancel(run.id, { reason: "a test" }),
        ]);
        const record = await peer.get(run.id);
        if (done) expect(record?.status).toBe("completed");
        else expect(canceled.cancel).toEqual({ reason: "a test" });
        expect(await endRun(store(), lease, "canceled")).toBe(!done);
        expect(await readRun(peer, run.id)).toHaveLength(2);
      }
    });
  });
}
