import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import type { LogEntry, RunStore } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { responseEntry, textEntries, textEntry } from "./log-entries.ts";
import { createRun, endRun, plain, readRun, seqs } from "./run-cases.ts";

/** Registers who may write what into the log of a run. */
export function runWriteCases(store: () => RunStore): void {
  const fenced = { code: "FENCED" };

  describe("append", () => {
    it("adds entries in order, each as it was given", async () => {
      const { run, lease } = await createRun(store());
      await store().append(lease, textEntries(1, 3));
      await store().append(lease, [textEntry(4, '\0 \ud800 🦊 "quoted" \u2028')]);
      const entries = await readRun(store(), run.id);
      expect(plain(entries.slice(1))).toEqual(
        plain([...textEntries(1, 3), textEntry(4, '\0 \ud800 🦊 "quoted" \u2028')]),
      );
      expect((await store().get(run.id))?.lastSeq).toBe(4);
    });

    it.each<[string, readonly LogEntry[]]>([
      ["a gap", [textEntry(3)]],
      ["a number that is taken", [textEntry(1)]],
      ["a gap after a good entry", [textEntry(2), textEntry(4)]],
      ["a number twice", [textEntry(2), textEntry(2)]],
      ["the wrong order", [textEntry(3), textEntry(2)]],
    ])("refuses %s, and writes nothing of it", async (_name, entries) => {
      const { run, lease } = await createRun(store());
      await store().append(lease, [textEntry(1)]);
      await expect(store().append(lease, entries)).rejects.toMatchObject(fenced);
      expect(seqs(await readRun(store(), run.id))).toEqual([0, 1]);
      expect((await store().get(run.id))?.lastSeq).toBe(1);
      await store().append(lease, [textEntry(2)]);
    });

    it("gives a number to one of 50 parallel writers", async () => {
      const { run, lease } = await createRun(store());
      const writers = Array.from({ length: 50 }, (_, writer) =>
        store().append(lease, [textEntry(1, `${writer}`)]),
      );
      const settled = await Promise.allSettled(writers);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const result of settled)
        if (result.status === "rejected") expect(result.reason).toMatchObject(fenced);
      const winner = settled.findIndex(({ status }) => status === "fulfilled");
      expect(plain(await readRun(store(), run.id, { after: 0 }))).toEqual(plain([textEntry(1, `${winner}`)]));
    });

    it("takes an entry of 5 MB", async () => {
      const { run, lease } = await createRun(store());
      const entry = textEntry(1, "5 MB ".repeat(2 ** 20));
      await store().append(lease, [entry]);
      const [found] = await readRun(store(), run.id, { after: 0 });
      expect(found?.json === entry.json).toBe(true);
    });

    it("is refused once the run has ended", async () => {
      const { run, lease } = await createRun(store());
      await endRun(store(), lease);
      await expect(store().append(lease, [textEntry(2)])).rejects.toMatchObject(fenced);
      expect(seqs(await readRun(store(), run.id))).toEqual([0, 1]);
    });

    it("does not know runs that are not there", async () => {
      const { lease } = await createRun(store());
      const refusal = { code: "RESOURCE_NOT_FOUND" };
      const unknown = { ...lease, runId: "unknown" };
      await expect(store().append(unknown, [textEntry(1)])).rejects.toMatchObject(refusal);
      await expect(endRun(store(), unknown)).rejects.toMatchObject(refusal);
      await expect(store().waitTurn(unknown)).rejects.toMatchObject(refusal);
      await store().release(unknown);
    });
  });

  describe("acquire", () => {
    it("gives a lease that goes on after the last entry, and voids the former", async () => {
      const { run, lease } = await createRun(store(), { owner: "one" });
      await store().append(lease, textEntries(1, 2));
      const taken = await store().acquire(run.id, "two");
      expect(taken).toMatchObject({ runId: run.id, owner: "two", nextSeq: 3 });
      expect(taken.epoch).toBeGreaterThan(lease.epoch);
      await expect(store().append(lease, [textEntry(3)])).rejects.toMatchObject(fenced);
      await expect(endRun(store(), lease, "failed", 3)).rejects.toMatchObject(fenced);
      await store().append(taken, [textEntry(3)]);
      expect(await endRun(store(), taken, "completed", 4)).toBe(true);
      expect(seqs(await readRun(store(), run.id))).toEqual([0, 1, 2, 3, 4]);
    });

    it("voids the former lease of the same owner too", async () => {
      const { run, lease } = await createRun(store(), { owner: "one" });
      const taken = await store().acquire(run.id, "one");
      await expect(store().append(lease, [textEntry(1)])).rejects.toMatchObject(fenced);
      await store().append(taken, [textEntry(1)]);
    });

    it("leaves one current lease when 20 take over at once", async () => {
      const { run } = await createRun(store());
      const owners = Array.from({ length: 20 }, (_, owner) => store().acquire(run.id, `${owner}`));
      const leases = await Promise.all(owners);
      expect(new Set(leases.map(({ epoch }) => epoch)).size).toBe(20);
      const writes = await Promise.allSettled(leases.map((lease) => store().append(lease, [textEntry(1)])));
      const winner = writes.findIndex(({ status }) => status === "fulfilled");
      expect(writes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(leases[winner]?.epoch).toBe(Math.max(...leases.map(({ epoch }) => epoch)));
    });

    it("does not know a run that is not there", async () => {
      const refusal = { code: "RESOURCE_NOT_FOUND" };
      await expect(store().acquire("unknown", "owner")).rejects.toMatchObject(refusal);
    });
  });

  describe("finish", () => {
    it.each<TerminalStatus>(["completed", "failed", "canceled", "incomplete", "rejected"])(
      "ends a run as %s, with its last entries",
      async (status) => {
        const { run, lease } = await createRun(store());
        await store().waitTurn(lease);
        const last = [textEntry(1), responseEntry(2, run.id, status)];
        expect(await store().finish(lease, status, last)).toBe(true);
        const record = await store().get(run.id);
        expect(record).toMatchObject({ status, lastSeq: 2 });
        expect(record?.completedAt).toBeGreaterThanOrEqual(record?.startedAt ?? Number.POSITIVE_INFINITY);
        expect(plain(await readRun(store(), run.id, { after: 0 }))).toEqual(plain(last));
      },
    );

    it.each<[TerminalStatus, TerminalStatus]>([
      ["completed", "canceled"],
      ["canceled", "completed"],
      ["failed", "failed"],
    ])("ends a run once: after %s comes no %s", async (first, second) => {
      const { run, lease } = await createRun(store());
      expect(await endRun(store(), lease, first)).toBe(true);
      const ended = await store().get(run.id);
      expect(await endRun(store(), lease, second)).toBe(false);
      expect(await endRun(store(), lease, second, 2)).toBe(false);
      expect(await store().get(run.id)).toEqual(ended);
      expect(plain(await readRun(store(), run.id, { after: 0 }))).toEqual(
        plain([responseEntry(1, run.id, first)]),
      );
    });

    it("ends a run once when 20 try at the same time", async () => {
      const { run, lease } = await createRun(store());
      const statuses: TerminalStatus[] = Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? "completed" : "canceled",
      );
      const ended = await Promise.all(statuses.map((status) => endRun(store(), lease, status)));
      expect(ended.filter(Boolean)).toHaveLength(1);
      const status = statuses[ended.indexOf(true)] as TerminalStatus;
      expect((await store().get(run.id))?.status).toBe(status);
      expect(plain(await readRun(store(), run.id, { after: 0 }))).toEqual(
        plain([responseEntry(1, run.id, status)]),
      );
    });

    it.each<TerminalStatus>(["completed", "failed", "incomplete", "rejected"])(
      "does not end a run as %s whose cancellation was requested",
      async (status) => {
        const { run, lease } = await createRun(store());
        const requested = await store().requestCancel(run.id, { reason: "a test" });
        expect(await endRun(store(), lease, status)).toBe(false);
        expect(await store().get(run.id)).toEqual(requested);
        await store().append(lease, [textEntry(1)]);
        expect(await endRun(store(), lease, "canceled", 2)).toBe(true);
        expect(await store().get(run.id)).toMatchObject({ status: "canceled", lastSeq: 2 });
      },
    );

    it("and a request to cancel agree on who was first", async () => {
      for (let round = 0; round < 20; round++) {
        const { run, lease } = await createRun(store());
        const finish = () => endRun(store(), lease);
        const cancel = () => store().requestCancel(run.id, { reason: "a test" });
        const both = round % 2 === 0 ? [finish(), cancel()] : [cancel(), finish()];
        const ended = (await Promise.all(both)).find((result) => typeof result === "boolean");
        const record = await store().get(run.id);
        expect([record?.status, record?.cancel === undefined]).toEqual(
          ended ? ["completed", true] : ["created", false],
        );
      }
    });

    it("refuses entries that do not follow, and the run goes on", async () => {
      const { run, lease } = await createRun(store());
      await expect(endRun(store(), lease, "completed", 2)).rejects.toMatchObject(fenced);
      await expect(endRun(store(), lease, "completed", 0)).rejects.toMatchObject(fenced);
      expect((await store().get(run.id))?.status).toBe("created");
      expect(await endRun(store(), lease)).toBe(true);
    });
  });
}
