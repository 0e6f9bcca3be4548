import type { RunStore } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { createRun, endRun } from "./run-cases.ts";

/** Registers in which order the runs of a session go. */
export function runTurnCases(store: () => RunStore): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const create = () => createRun(store(), { session });
  // Long enough for a store to do what it should not.
  const someWork = async () => {
    for (let index = 0; index < 5; index++) await store().list({ agent: "agent" });
  };

  describe("turns", () => {
    it("come at once to the first run of a session, which is then in progress", async () => {
      const { run, lease } = await create();
      expect(Number.isSafeInteger(await store().waitTurn(lease))).toBe(true);
      const record = await store().get(run.id);
      expect(record?.status).toBe("in_progress");
      expect(record?.startedAt).toBeGreaterThan(0);
    });

    it("are those of other sessions no matter", async () => {
      await create();
      const others = [{ sessionId: "other" }, { userId: "other" }, { agent: "other" }];
      for (const other of others) {
        const { ahead, lease } = await createRun(store(), { session: { ...session, ...other } });
        expect(ahead).toBe(0);
        await store().waitTurn(lease);
      }
    });

    it("come first in, first out, each when the run before is released, with rising fences", async () => {
      const runs = [await create(), await create(), await create(), await create()];
      expect(runs.map(({ ahead }) => ahead)).toEqual([0, 1, 2, 3]);
      const order: string[] = [];
      const fences: number[] = [];
      const goes = runs.map(async ({ run, lease }, index) => {
        fences.push(await store().waitTurn(lease));
        order.push(`${index} goes`);
        await endRun(store(), lease);
        await someWork();
        expect((await store().get(run.id))?.status).toBe("completed");
        order.push(`${index} released`);
        await store().release(lease);
      });
      await Promise.all(goes);
      expect(order).toEqual([0, 1, 2, 3].flatMap((index) => [`${index} goes`, `${index} released`]));
      expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b));
    });

    it("come to 50 runs created at once in the order they were put in line", async () => {
      const runs = await Promise.all(Array.from({ length: 50 }, create));
      const line = runs.toSorted((a, b) => a.ahead - b.ahead);
      expect(line.map(({ ahead }) => ahead)).toEqual(Array.from({ length: 50 }, (_, index) => index));
      const order: number[] = [];
      let working = 0;
      const goes = runs.map(async ({ ahead, lease }) => {
        await store().waitTurn(lease);
        expect(++working).toBe(1);
        order.push(ahead);
        await store().get(lease.runId);
        working--;
        await store().release(lease);
      });
      await Promise.all(goes);
      expect(order).toEqual(line.map(({ ahead }) => ahead));
    });

    it("do not come to a waiting run that has ended as a start: it stays ended", async () => {
      const first = await create();
      const second = await create();
      await endRun(store(), second.lease, "canceled");
      await store().release(first.lease);
      await store().waitTurn(second.lease);
      expect(await store().get(second.run.id)).toMatchObject({ status: "canceled", startedAt: undefined });
    });

    it("come to the third when the second leaves the line, but not before the first is released", async () => {
      const [first, second, third] = [await create(), await create(), await create()];
      const order: string[] = [];
      const turn = store()
        .waitTurn(third.lease)
        .then(() => order.push("third goes"));
      await store().release(second.lease);
      await someWork();
      order.push("first released");
      await store().release(first.lease);
      await turn;
      expect(order).toEqual(["first released", "third goes"]);
    });

    it("come to one run only when another is released twice", async () => {
      const [first, second, third] = [await create(), await create(), await create()];
      const order: string[] = [];
      const turn = store()
        .waitTurn(third.lease)
        .then(() => order.push("third goes"));
      await Promise.all([store().release(first.lease), store().release(first.lease)]);
      await store().waitTurn(second.lease);
      await store().release(first.lease);
      await someWork();
      order.push("second released");
      await store().release(second.lease);
      await turn;
      expect(order).toEqual(["second released", "third goes"]);
    });

    it("need not be waited for any longer once the signal aborts, which leaves the line as it is", async () => {
      const [first, second, third] = [await create(), await create(), await create()];
      const controller = new AbortController();
      const reason = new Error("enough");
      const waiting = store().waitTurn(second.lease, controller.signal);
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await expect(store().waitTurn(second.lease, controller.signal)).rejects.toBe(reason);
      const order: string[] = [];
      const turn = store()
        .waitTurn(third.lease)
        .then(() => order.push("third goes"));
      await store().release(first.lease);
      await someWork();
      order.push("second released");
      await store().release(second.lease);
      await turn;
      expect(order).toEqual(["second released", "third goes"]);
    });

    it("are not given on by an owner that was superseded", async () => {
      const [first, second] = [await create(), await create()];
      const fence = await store().waitTurn(first.lease);
      const lease = await store().acquire(first.run.id, "another owner");
      const order: string[] = [];
      const turn = store()
        .waitTurn(second.lease)
        .then(() => order.push("second goes"));
      await store().release(first.lease);
      expect(await store().waitTurn(lease)).toBeGreaterThan(fence);
      await someWork();
      order.push("first released");
      await store().release(lease);
      await turn;
      expect(order).toEqual(["first released", "second goes"]);
    });

    it("go on with higher fences after the line was empty", async () => {
      const first = await create();
      const fence = await store().waitTurn(first.lease);
      await endRun(store(), first.lease);
      await store().release(first.lease);
      const second = await create();
      expect(second.ahead).toBe(0);
      expect(await store().waitTurn(second.lease)).toBeGreaterThan(fence);
    });
  });
}
