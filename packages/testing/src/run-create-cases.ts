import type { RunStore, SessionPolicy } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { hostileIds, hostileSessions } from "./hostile-ids.ts";
import { newRun } from "./new-run.ts";
import { createRun, endRun, plain, readRun } from "./run-cases.ts";

/** Registers in which order a run is refused, replayed or created. */
export function runCreateCases(store: () => RunStore): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const idempotency = { key: "key", fingerprint: "a" };
  const allRuns = async () => (await store().list({ agent: "agent" })).items;

  describe("create", () => {
    it("keeps the run and its first entry, and gives the lease to its owner", async () => {
      const run = newRun({ session, createdAt: 1234, owner: "somebody" });
      const result = await store().create(run);
      expect(result).toMatchObject({
        kind: "created",
        run: {
          id: run.request.id,
          session,
          status: "created",
          request: run.request,
          createdAt: 1234,
          lastSeq: 0,
        },
        lease: { runId: run.request.id, owner: "somebody", nextSeq: 1 },
        ahead: 0,
      });
      expect(await store().get(run.request.id)).toEqual(result.run);
      expect(result.run).toMatchObject({ startedAt: undefined, completedAt: undefined, cancel: undefined });
      expect(plain(await readRun(store(), run.request.id))).toEqual(plain([run.created]));
    });

    it("gives the run that was made with the same key and body, whether it runs, waits or has ended", async () => {
      const running = await createRun(store(), { session, idempotency });
      const waiting = await createRun(store(), { session, idempotency: { key: "other", fingerprint: "b" } });
      const again = () => store().create(newRun({ session, idempotency }));
      expect(await again()).toEqual({ kind: "replayed", run: running.run });
      expect(await store().create(newRun({ idempotency: { key: "other", fingerprint: "b" } }))).toEqual({
        kind: "replayed",
        run: waiting.run,
      });
      await endRun(store(), running.lease);
      expect(await again()).toMatchObject({
        kind: "replayed",
        run: { id: running.run.id, status: "completed" },
      });
      expect(await allRuns()).toHaveLength(2);
    });

    it("makes one run of 20 parallel requests with the same key", async () => {
      const requests = Array.from({ length: 20 }, () => store().create(newRun({ session, idempotency })));
      const results = await Promise.all(requests);
      expect(results.filter(({ kind }) => kind === "created")).toHaveLength(1);
      expect(new Set(results.map(({ run }) => run.id)).size).toBe(1);
      expect(await allRuns()).toHaveLength(1);
    });

    it("refuses a known key with another body before it looks at anything else", async () => {
      const { run } = await createRun(store(), { session, idempotency });
      const other = { ...idempotency, fingerprint: "b" };
      const refused = createRun(store(), { id: run.id, session, policy: "reject", idempotency: other });
      await expect(refused).rejects.toMatchObject({ code: "IDEMPOTENCY_MISMATCH" });
    });

    it("looks at the key before the id, and at the id before the session", async () => {
      const { run } = await createRun(store(), { session, idempotency });
      const same = { id: run.id, session, policy: "reject" as const };
      expect((await store().create(newRun({ ...same, idempotency }))).kind).toBe("replayed");
      await expect(createRun(store(), same)).rejects.toMatchObject({ code: "RUN_ID_CONFLICT" });
    });

    it("takes an id once, whoever asks", async () => {
      const { run, lease } = await createRun(store(), { session });
      for (const other of [{ userId: "another" }, { agent: "another" }, { sessionId: "another" }]) {
        const refused = createRun(store(), { id: run.id, session: { ...session, ...other } });
        await expect(refused).rejects.toMatchObject({ code: "RUN_ID_CONFLICT" });
      }
      await endRun(store(), lease);
      await expect(createRun(store(), { id: run.id })).rejects.toMatchObject({ code: "RUN_ID_CONFLICT" });
      const attempts = Array.from({ length: 20 }, () => createRun(store(), { id: "wanted by all" }));
      const settled = await Promise.allSettled(attempts);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    it("goes by the key alone, of which the caller is a part, and by each of its characters", async () => {
      const { run } = await createRun(store(), { session, idempotency });
      for (const other of [{ userId: "another" }, { agent: "another" }, { sessionId: "another" }]) {
        const again = newRun({ session: { ...session, ...other }, idempotency });
        expect(await store().create(again)).toMatchObject({ kind: "replayed", run: { id: run.id } });
      }
      for (const key of hostileIds) await createRun(store(), { idempotency: { key, fingerprint: "a" } });
    });

    it("refuses a run of a busy session under `reject`, until that has settled", async () => {
      const first = await createRun(store(), { session });
      const second = () => createRun(store(), { session, policy: "reject" });
      await expect(second()).rejects.toMatchObject({ code: "SESSION_BUSY" });
      await endRun(store(), first.lease);
      await expect(second()).rejects.toMatchObject({ code: "SESSION_BUSY" });
      await store().release(first.lease);
      expect((await second()).ahead).toBe(0);
    });

    it("lets one of 20 parallel runs into a session under `reject`", async () => {
      const runs = Array.from({ length: 20 }, () => createRun(store(), { session, policy: "reject" }));
      const settled = await Promise.allSettled(runs);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const result of settled) {
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "SESSION_BUSY" });
      }
    });

    it("refuses what would make the line too long under `enqueue`", async () => {
      const none = { session, maxQueued: 0 };
      const first = await createRun(store(), none);
      await expect(createRun(store(), none)).rejects.toMatchObject({ code: "QUEUE_FULL" });
      const second = await createRun(store(), { session, maxQueued: 1 });
      await expect(createRun(store(), { session, maxQueued: 1 })).rejects.toMatchObject({
        code: "QUEUE_FULL",
      });
      expect([first.ahead, second.ahead]).toEqual([0, 1]);
      await store().release(first.lease);
      expect((await createRun(store(), { session, maxQueued: 1 })).ahead).toBe(1);
    });

    it("asks every run of the session to cancel under `interrupt`, however many wait", async () => {
      const first = await createRun(store(), { session });
      const second = await createRun(store(), { session });
      const bystander = await createRun(store(), { session: { ...session, sessionId: "another" } });
      const third = await createRun(store(), { session, policy: "interrupt", maxQueued: 0 });
      expect(third.ahead).toBe(2);
      for (const { run } of [first, second]) {
        expect((await store().get(run.id))?.cancel).toEqual({ reason: expect.any(String) });
      }
      for (const { run } of [bystander, third]) expect((await store().get(run.id))?.cancel).toBeUndefined();
    });

    it.each<[string, SessionPolicy, number]>([
      ["SESSION_BUSY", "reject", 0],
      ["QUEUE_FULL", "enqueue", 0],
    ])("leaves nothing behind of a run refused with %s", async (code, policy, maxQueued) => {
      const first = await createRun(store(), { session });
      const run = newRun({ id: "refused", session, policy, maxQueued, idempotency });
      await expect(store().create(run)).rejects.toMatchObject({ code });
      expect(await store().get("refused")).toBeUndefined();
      expect((await store().get(first.run.id))?.cancel).toBeUndefined();
      await store().release(first.lease);
      expect((await store().create(run)).kind).toBe("created");
    });

    it("keeps the sessions of all users and agents apart, whatever characters their ids hold", async () => {
      const ofAgents = hostileSessions.filter(({ agent }) => agent !== undefined);
      const others = hostileSessions.filter(({ agent }) => agent === undefined);
      const sessions = [...ofAgents, ...others.map((key) => ({ ...key, agent: "an agent of its own" }))];
      const created = await Promise.all(
        sessions.map((key) => createRun(store(), { session: key, policy: "reject" })),
      );
      for (const [index, { run, ahead }] of created.entries()) {
        expect(ahead).toBe(0);
        expect(run.session).toEqual(sessions[index]);
        expect(await store().list(run.session)).toMatchObject({ items: [{ id: run.id }] });
      }
    });

    it("takes ids of any characters", async () => {
      for (const id of hostileIds) await createRun(store(), { id, text: id });
      for (const id of hostileIds) {
        const run = await store().get(id);
        expect([run?.id, run?.request.input[0]?.content?.[0]]).toMatchObject([id, { text: id }]);
        expect(await readRun(store(), id)).toHaveLength(1);
      }
    });
  });
}
