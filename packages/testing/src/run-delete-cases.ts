import type { RunStore } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { hostileSessions } from "./hostile-ids.ts";
import { newRun } from "./new-run.ts";
import { createRun, endRun, readRun } from "./run-cases.ts";

/** Registers how the runs of a session are forgotten. */
export function runDeleteCases(store: () => RunStore): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const settled = async (of: typeof session, key?: string) => {
    const idempotency = key === undefined ? undefined : { key, fingerprint: "a" };
    const { run, lease } = await createRun(store(), { session: of, idempotency });
    await endRun(store(), lease);
    await store().release(lease);
    return run;
  };

  describe("deleteSession", () => {
    it("forgets the session's runs with their events, ids and keys, and no others", async () => {
      const doomed = [await settled(session, "key"), await settled(session)];
      const kept = await settled({ ...session, sessionId: "another" });
      await store().deleteSession(session);
      for (const { id } of doomed) {
        expect(await store().get(id)).toBeUndefined();
        await expect(readRun(store(), id)).rejects.toMatchObject({ code: "RESOURCE_NOT_FOUND" });
      }
      expect((await store().list({ agent: "agent" })).items.map(({ id }) => id)).toEqual([kept.id]);
      expect(await readRun(store(), kept.id)).toHaveLength(2);
      const again = await store().create(
        newRun({ session, id: doomed[0]?.id, idempotency: { key: "key", fingerprint: "b" } }),
      );
      expect(again).toMatchObject({ kind: "created", ahead: 0 });
    });

    it("refuses while a run has not settled", async () => {
      const { run, lease } = await createRun(store(), { session });
      const busy = { code: "SESSION_BUSY" };
      await expect(store().deleteSession(session)).rejects.toMatchObject(busy);
      await endRun(store(), lease);
      await expect(store().deleteSession(session)).rejects.toMatchObject(busy);
      expect(await store().get(run.id)).toBeDefined();
      await store().release(lease);
      await store().deleteSession(session);
      expect(await store().get(run.id)).toBeUndefined();
    });

    it("does nothing where there is nothing", async () => {
      await store().deleteSession(session);
    });

    it("tells sessions apart, whatever characters their ids hold", async () => {
      const keys = hostileSessions.map((key) => ({ ...key, agent: key.agent ?? "agent" }));
      const distinct = keys.filter(
        (key, index) => keys.findIndex((other) => JSON.stringify(other) === JSON.stringify(key)) === index,
      );
      const runs = await Promise.all(distinct.map((key) => settled(key)));
      const [doomed, ...rest] = runs;
      await store().deleteSession(distinct[0] as typeof session);
      expect(await store().get(doomed?.id ?? "")).toBeUndefined();
      for (const { id } of rest) expect(await store().get(id)).toBeDefined();
    });
  });
}
