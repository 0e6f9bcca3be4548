import type { RunStore } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { createRun, endRun } from "./run-cases.ts";

/** Registers how the request to cancel a run reaches its owner. */
export function runCancelCases(store: () => RunStore): void {
  const never = new AbortController().signal;
  const reason = { reason: "The user has gone." };

  describe("a request to cancel", () => {
    it("reaches those who watch already", async () => {
      const { run } = await createRun(store());
      const watchers = [store().watchCancel(run.id, never), store().watchCancel(run.id, never)];
      const record = await store().requestCancel(run.id, reason);
      expect(record).toMatchObject({ id: run.id, status: "created", cancel: reason });
      expect(await Promise.all(watchers)).toEqual([reason, reason]);
      expect(await store().get(run.id)).toEqual(record);
    });

    it("reaches those who watch later", async () => {
      const { run } = await createRun(store());
      await store().requestCancel(run.id, reason);
      expect(await store().watchCancel(run.id, never)).toEqual(reason);
    });

    it("reaches the owner of a run that a newer one interrupts", async () => {
      const { run } = await createRun(store());
      const watching = store().watchCancel(run.id, never);
      await createRun(store(), { session: run.session, policy: "interrupt" });
      expect(await watching).toEqual((await store().get(run.id))?.cancel);
    });

    it("keeps its first reason", async () => {
      const { run } = await createRun(store());
      await store().requestCancel(run.id, reason);
      expect((await store().requestCancel(run.id, { reason: "another" })).cancel).toEqual(reason);
      await createRun(store(), { session: run.session, policy: "interrupt" });
      expect((await store().get(run.id))?.cancel).toEqual(reason);
      expect(await store().watchCancel(run.id, never)).toEqual(reason);
    });

    it("keeps one of 20 reasons given at once", async () => {
      const { run } = await createRun(store());
      const watching = store().watchCancel(run.id, never);
      const requests = Array.from({ length: 20 }, (_, index) =>
        store().requestCancel(run.id, { reason: `${index}` }),
      );
      const records = await Promise.all(requests);
      const kept = await watching;
      for (const record of records) expect(record.cancel).toEqual(kept);
    });

    it("leaves an ended run as it is", async () => {
      const { run, lease } = await createRun(store());
      await endRun(store(), lease);
      const ended = await store().get(run.id);
      expect(await store().requestCancel(run.id, reason)).toEqual(ended);
      expect(await store().get(run.id)).toEqual(ended);
      expect(ended?.cancel).toBeUndefined();
    });

    it("stays in the record of a run that ends afterwards", async () => {
      const { run, lease } = await createRun(store());
      await store().requestCancel(run.id, reason);
      await endRun(store(), lease, "canceled");
      expect(await store().get(run.id)).toMatchObject({ status: "canceled", cancel: reason });
    });

    it("concerns one run only", async () => {
      const { run } = await createRun(store());
      const other = await createRun(store(), { session: run.session });
      const controller = new AbortController();
      const watching = store().watchCancel(other.run.id, controller.signal);
      await store().requestCancel(run.id, reason);
      expect((await store().get(other.run.id))?.cancel).toBeUndefined();
      controller.abort(new Error("enough"));
      await expect(watching).rejects.toThrow("enough");
    });

    it("need not be watched for any longer once the signal aborts", async () => {
      const { run } = await createRun(store());
      const controller = new AbortController();
      const watching = store().watchCancel(run.id, controller.signal);
      const enough = new Error("enough");
      controller.abort(enough);
      await expect(watching).rejects.toBe(enough);
      await expect(store().watchCancel(run.id, controller.signal)).rejects.toBe(enough);
    });

    it("can't be made of a run that is not there", async () => {
      const refusal = { code: "RESOURCE_NOT_FOUND" };
      await expect(store().requestCancel("unknown", reason)).rejects.toMatchObject(refusal);
      await expect(store().watchCancel("unknown", never)).rejects.toMatchObject(refusal);
      expect(await store().get("unknown")).toBeUndefined();
    });
  });
}
