import type { RunStore } from "@agentscope-runtime/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { textEntries, textEntry } from "./log-entries.ts";
import { newRun } from "./new-run.ts";
import { createRun, endRun } from "./run-cases.ts";

/** Registers what becomes of the runs of owners that fall silent, and of those that nobody owns. */
export function runLeaseCases(create: (options: { leaseTtl: number }) => Promise<RunStore> | RunStore): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const everything = { agents: ["agent"], limit: 100 };
  let store: RunStore;
  beforeEach(async () => {
    store = await create({ leaseTtl: 500 });
    await store.start();
  });
  afterEach(() => store.stop());

  /** Resolves to what is taken over once there is something. */
  const recovered = () =>
    vi.waitFor(
      async () => {
        const runs = await store.recover("second", everything);
        expect(runs.length).toBeGreaterThan(0);
        return runs;
      },
      { timeout: 3000, interval: 20 },
    );

  describe("leases", () => {
    it("last as long as they are renewed", async () => {
      const { lease } = await createRun(store, { session, owner: "first" });
      await createRun(store, { session: { ...session, sessionId: "other" }, owner: "silent" });
      await vi.waitFor(
        async () => {
          expect(await store.renew("first")).toBe(true);
          const taken = await store.recover("second", everything);
          expect(taken.map(({ run }) => run.session.sessionId)).toEqual(["other"]);
        },
        { timeout: 3000, interval: 50 },
      );
      await store.append(lease, []);
    });

    it("are held by whoever creates a run", async () => {
      await createRun(store, { session, owner: "first" });
      expect(await store.recover("second", everything)).toEqual([]);
    });

    it("pass to another owner when the first falls silent, with what it needs to go on", async () => {
      const { run, lease } = await createRun(store, { session, owner: "first" });
      const fence = await store.waitTurn(lease);
      await store.append(lease, textEntries(1, 2));
      const [taken] = await recovered();
      expect(taken).toMatchObject({
        run: { id: run.id, status: "in_progress", attempt: 1, owner: "second", lastSeq: 2 },
        lease: { runId: run.id, owner: "second", nextSeq: 3 },
      });
      expect(taken?.fence).toBeGreaterThan(fence);

      const fenced = { code: "FENCED" };
      await expect(store.append(lease, [textEntry(3)])).rejects.toMatchObject(fenced);
      await expect(store.append(lease, [])).rejects.toMatchObject(fenced);
      await expect(endRun(store, lease, "completed", 3)).rejects.toMatchObject(fenced);
      await expect(store.waitTurn(lease)).rejects.toMatchObject(fenced);
      await store.release(lease);
      expect(await store.renew("first")).toBe(false);
      expect(await store.renew("first")).toBe(true);
      if (taken === undefined) return;
      const next = await createRun(store, { session, owner: "second" });
      expect(next.ahead).toBe(1);
      expect(await endRun(store, taken.lease, "failed")).toBe(true);
      await store.release(taken.lease);
      expect(await store.waitTurn(next.lease)).toBeGreaterThan(taken.fence ?? 0);
    });

    it("count the attempts of a run", async () => {
      const { run, lease } = await createRun(store, { session, owner: "first" });
      expect((await store.get(run.id))?.attempt).toBe(0);
      await store.waitTurn(lease);
      const taken = await store.acquire(run.id, "second");
      expect((await store.get(run.id))?.attempt).toBe(1);
      await store.waitTurn(taken);
      expect((await store.get(run.id))?.attempt).toBe(2);
    });

    it("of a run that waits pass without a fence, and its place in the line stays", async () => {
      const first = await createRun(store, { session, owner: "alive" });
      const second = await createRun(store, { session, owner: "silent" });
      const fence = await store.waitTurn(first.lease);
      const [taken] = await vi.waitFor(
        async () => {
          await store.renew("alive");
          const runs = await store.recover("second", everything);
          expect(runs.length).toBeGreaterThan(0);
          return runs;
        },
        { timeout: 3000, interval: 50 },
      );
      expect(taken?.run.id).toBe(second.run.id);
      expect(taken?.fence).toBeUndefined();
      await store.append(first.lease, [textEntry(1)]);
      await endRun(store, first.lease, "completed", 2);
      await store.release(first.lease);
      if (taken !== undefined) expect(await store.waitTurn(taken.lease)).toBeGreaterThan(fence);
    });

    it("of a run that has ended but not left its line pass as well, so that it can", async () => {
      const { run, lease } = await createRun(store, { session, owner: "first" });
      await endRun(store, lease);
      const [taken] = await recovered();
      expect(taken?.run).toMatchObject({ id: run.id, status: "completed" });
      if (taken !== undefined) await store.release(taken.lease);
      const next = await createRun(store, { session, owner: "second" });
      expect(next.ahead).toBe(0);
    });

    it("of a settled run don't pass to anybody", async () => {
      const settled = await createRun(store, { owner: "first" });
      await endRun(store, settled.lease);
      await store.release(settled.lease);
      const open = await createRun(store, { owner: "first" });
      expect((await recovered()).map(({ run }) => run.id)).toEqual([open.run.id]);
    });

    it("pass to one of those who ask at once, each run to one", async () => {
      const runs = await Promise.all(Array.from({ length: 20 }, () => createRun(store, { owner: "silent" })));
      const taken: string[] = [];
      await vi.waitFor(
        async () => {
          const owners = Array.from({ length: 5 }, (_, owner) => `owner ${owner}`);
          const all = await Promise.all(owners.map((owner) => store.recover(owner, everything)));
          for (const owner of owners) await store.renew(owner);
          taken.push(...all.flat().map(({ run }) => run.id));
          expect(taken.length).toBeGreaterThanOrEqual(20);
        },
        { timeout: 3000, interval: 20 },
      );
      expect(taken.toSorted()).toEqual(runs.map(({ run }) => run.id).toSorted());
    });

    it("pass to those only who have the agent, the oldest first, as many as they want", async () => {
      const ids: string[] = [];
      for (let index = 0; index < 3; index++) ids.push((await createRun(store, { owner: "silent" })).run.id);
      await createRun(store, { session: { agent: "another" }, owner: "silent" });
      const taken = await vi.waitFor(
        async () => {
          const runs = await store.recover("second", { agents: ["agent"], limit: 2 });
          expect(runs).toHaveLength(2);
          return runs;
        },
        { timeout: 3000, interval: 20 },
      );
      expect(taken.map(({ run }) => run.id)).toEqual(ids.slice(0, 2));
      const rest = await store.recover("second", { agents: ["agent", "nobody"], limit: 2 });
      expect(rest.map(({ run }) => run.id)).toEqual(ids.slice(2));
      expect(await store.recover("second", { agents: [], limit: 2 })).toEqual([]);
    });
  });

  describe("runs that nobody owns", () => {
    const unowned = async () => {
      const result = await store.create({ ...newRun({ session }), owner: undefined });
      if (result.kind !== "created") throw new Error("The run was there already.");
      return result;
    };

    it("are named when it is their turn, and by the release of the run before", async () => {
      const first = await unowned();
      const second = await unowned();
      expect(first.run.owner).toBeUndefined();
      expect(await store.unclaimed(everything)).toEqual([first.run.id]);
      expect(await store.unclaimed({ ...everything, agents: ["another"] })).toEqual([]);
      const lease = await store.acquire(first.run.id, "worker", { unclaimed: true });
      expect(await store.unclaimed(everything)).toEqual([]);
      await store.waitTurn(lease);
      await endRun(store, lease);
      expect(await store.release(lease)).toBe(second.run.id);
      expect(await store.release(lease)).toBeUndefined();
      expect(await store.unclaimed(everything)).toEqual([second.run.id]);
    });

    it("can be written by nobody, and are not taken over", async () => {
      const { run, lease } = await unowned();
      await expect(store.append(lease, [textEntry(1)])).rejects.toMatchObject({ code: "FENCED" });
      await expect(endRun(store, lease)).rejects.toMatchObject({ code: "FENCED" });
      await store.release(lease);
      const { run: other } = await createRun(store, { owner: "silent" });
      expect((await recovered()).map(({ run }) => run.id)).toEqual([other.id]);
      expect((await store.get(run.id))?.owner).toBeUndefined();
    });

    it("may have been given back by their owner, before their turn or after it", async () => {
      for (const begun of [false, true]) {
        const key = { ...session, sessionId: `given back ${begun}` };
        const { run, lease } = await createRun(store, { session: key, owner: "first" });
        const behind = await createRun(store, { session: key, owner: "first" });
        const fence = begun ? await store.waitTurn(lease) : 0;
        await store.append(lease, [textEntry(1)]);
        await store.disown(lease);
        expect((await store.get(run.id))?.owner).toBeUndefined();
        await expect(store.append(lease, [textEntry(2)])).rejects.toMatchObject({ code: "FENCED" });
        await expect(endRun(store, lease, "completed", 2)).rejects.toMatchObject({ code: "FENCED" });
        await store.disown(lease);
        await store.release(lease);
        expect(await store.unclaimed(everything)).toEqual([run.id]);
        const taken = await store.acquire(run.id, "second", { unclaimed: true });
        expect(taken.nextSeq).toBe(2);
        await store.disown(lease);
        await store.append(taken, []);
        expect(await store.waitTurn(taken)).toBeGreaterThan(fence);
        expect((await store.get(run.id))?.attempt).toBe(begun ? 2 : 1);
        await endRun(store, taken, "completed", 2);
        await store.disown(taken);
        expect((await store.get(run.id))?.owner).toBe("second");
        await store.release(taken);
        await store.waitTurn(behind.lease);
        await endRun(store, behind.lease);
        await store.release(behind.lease);
      }
    });

    it("are claimed by one only", async () => {
      const { run } = await unowned();
      const claims = Array.from({ length: 20 }, (_, worker) =>
        store.acquire(run.id, `worker ${worker}`, { unclaimed: true }),
      );
      const settled = await Promise.allSettled(claims);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const claim of settled) {
        if (claim.status === "rejected") expect(claim.reason).toMatchObject({ code: "FENCED" });
      }
    });
  });
}
