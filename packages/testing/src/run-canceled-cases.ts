import type { RunStore, SessionPolicy } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { responseEntry } from "./log-entries.ts";
import { type NewRunOptions, newRun } from "./new-run.ts";
import { createRun, plain, readRun } from "./run-cases.ts";

/** Registers what becomes of a run that is canceled before it begins. */
export function runCanceledCases(store: () => RunStore): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const cancel = { reason: "Nobody wants to know." };
  const newCanceled = (options: NewRunOptions = {}) => {
    const run = newRun({ session, ...options, owner: undefined });
    return { ...run, canceled: { cancel, entry: responseEntry(1, run.request.id, "canceled") } };
  };

  describe("create of a run that comes canceled", () => {
    it("keeps it as one that has ended, with both its entries", async () => {
      const run = newCanceled({ createdAt: 1_700_000_000_000 });
      const result = await store().create(run);
      expect(result).toMatchObject({
        kind: "created",
        run: { status: "canceled", cancel, lastSeq: 1, completedAt: run.createdAt, startedAt: undefined },
        ahead: 0,
      });
      expect(await store().get(run.request.id)).toEqual(result.run);
      const entries = [run.created, run.canceled.entry];
      expect(plain(await readRun(store(), run.request.id, { follow: true }))).toEqual(plain(entries));
      expect((await store().list({ agent: "agent", status: "canceled" })).items).toHaveLength(1);
      expect(await store().unclaimed({ agents: ["agent"], limit: 10 })).toEqual([]);
    });

    it.each<SessionPolicy>(["enqueue", "reject", "interrupt"])(
      "touches no other run of its session under `%s`, and holds up none",
      async (policy) => {
        const working = await createRun(store(), { session });
        const waiting = await createRun(store(), { session });
        await store().waitTurn(working.lease);
        const result = await store().create(newCanceled({ policy, maxQueued: 0 }));
        expect(result).toMatchObject({ kind: "created", ahead: 0 });
        for (const { run } of [working, waiting]) {
          expect((await store().get(run.id))?.cancel).toBeUndefined();
        }
        expect(await createRun(store(), { session })).toMatchObject({ ahead: 2 });
        await store().release(working.lease);
        await store().waitTurn(waiting.lease);
      },
    );

    it("leaves its session free", async () => {
      await store().create(newCanceled());
      expect(await createRun(store(), { session, policy: "reject" })).toMatchObject({ ahead: 0 });
    });

    it("is replayed and deleted like any other", async () => {
      const idempotency = { key: "key", fingerprint: "a" };
      const { run } = await store().create(newCanceled({ idempotency }));
      expect(await store().create(newCanceled({ idempotency }))).toEqual({ kind: "replayed", run });
      await store().deleteSession(session);
      expect(await store().get(run.id)).toBeUndefined();
    });
  });
}
