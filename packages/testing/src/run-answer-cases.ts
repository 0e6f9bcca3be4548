import type { RunStore } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { hostileIds } from "./hostile-ids.ts";
import { type NewRunOptions, newRun } from "./new-run.ts";
import { endRun } from "./run-cases.ts";

/** Registers that a run is continued once. */
export function runAnswerCases(store: () => RunStore): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const answer = (continues: string, options: NewRunOptions = {}) => {
    const run = newRun(options);
    return store().create({ ...run, request: { ...run.request, continues } });
  };
  const refused = { code: "RUN_ANSWERED", status: 409 };

  describe("create of a run that continues another", () => {
    it("refuses a second one, whoever asks, while the first runs, waits or has ended", async () => {
      const running = await answer("asked", { session });
      if (running.kind !== "created") throw new Error("It was there already.");
      const others = [{ session }, {}, { session: { ...session, userId: "other" } }];
      const all = () =>
        Promise.all(
          others.map(async (other) => expect(answer("asked", other)).rejects.toMatchObject(refused)),
        );
      await all();
      await store().waitTurn(running.lease);
      await all();
      await endRun(store(), running.lease);
      await store().release(running.lease);
      await all();
      expect((await store().list({ agent: "agent" })).items).toHaveLength(1);
      await answer("another", { session });
    });

    it.each(["failed", "rejected"] as const)("takes another one when the first has %s", async (status) => {
      for (const place of ["first", "second"]) {
        const unheard = await answer("asked", { id: place, session });
        if (unheard.kind !== "created") throw new Error("It was there already.");
        await endRun(store(), unheard.lease, status);
        await store().release(unheard.lease);
      }
      expect((await answer("asked", { session })).kind).toBe("created");
      await expect(answer("asked", { session })).rejects.toMatchObject(refused);
    });

    it.each(["completed", "incomplete", "canceled"] as const)(
      "takes no other one when the first is %s",
      async (status) => {
        const heard = await answer("asked", { session });
        if (heard.kind !== "created") throw new Error("It was there already.");
        await endRun(store(), heard.lease, status);
        await store().release(heard.lease);
        await expect(answer("asked", { session })).rejects.toMatchObject(refused);
      },
    );

    it.each(["one session", "sessions of their own"])("takes one of 50 at once, of %s", async (whose) => {
      const of = whose === "one session" ? { session } : {};
      const settled = await Promise.allSettled(Array.from({ length: 50 }, () => answer("asked", of)));
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const result of settled) {
        if (result.status === "rejected") expect(result.reason).toMatchObject(refused);
      }
    });

    it("looks at the key and the id first, and at the session last", async () => {
      const idempotency = { key: "key", fingerprint: "a" };
      const first = await answer("asked", { id: "first", session, idempotency });
      expect(await answer("asked", { session, idempotency })).toEqual({ kind: "replayed", run: first.run });
      const used = answer("asked", { id: "first", session });
      await expect(used).rejects.toMatchObject({ code: "RUN_ID_CONFLICT" });
      await expect(answer("asked", { session, policy: "reject" })).rejects.toMatchObject(refused);
    });

    it("touches nothing by what it refuses", async () => {
      const { run } = await answer("asked", { session });
      const idempotency = { key: "key", fingerprint: "a" };
      const late = { id: "late", session, policy: "interrupt", idempotency } as const;
      await expect(answer("asked", late)).rejects.toMatchObject(refused);
      expect((await store().get(run.id))?.cancel).toBeUndefined();
      expect(await store().get("late")).toBeUndefined();
      expect((await answer("another", { ...late, id: "another" })).kind).toBe("created");
    });

    it("knows runs by each character of their ids", async () => {
      for (const id of hostileIds) expect((await answer(id)).kind).toBe("created");
      for (const id of hostileIds) await expect(answer(id)).rejects.toMatchObject(refused);
    });

    it("forgets what was answered with its session", async () => {
      const first = await answer("asked", { session });
      if (first.kind !== "created") throw new Error("It was there already.");
      await endRun(store(), first.lease);
      await store().release(first.lease);
      await store().deleteSession(session);
      expect((await answer("asked", { session })).kind).toBe("created");
    });
  });
}
