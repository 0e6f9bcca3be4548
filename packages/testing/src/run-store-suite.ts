import type { RunStore } from "@agentscope-runtime/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Durable } from "./durable.ts";
import { lifecycleCases } from "./lifecycle-cases.ts";
import { textEntries } from "./log-entries.ts";
import { newRun } from "./new-run.ts";
import { runAnswerCases } from "./run-answer-cases.ts";
import { runCancelCases } from "./run-cancel-cases.ts";
import { runCanceledCases } from "./run-canceled-cases.ts";
import { createRun, endRun, readRun, seqs } from "./run-cases.ts";
import { runCompactionCases } from "./run-compaction-cases.ts";
import { runCreateCases } from "./run-create-cases.ts";
import { runDeleteCases } from "./run-delete-cases.ts";
import { runLeaseCases } from "./run-lease-cases.ts";
import { runListCases } from "./run-list-cases.ts";
import { runPeerCases } from "./run-peer-cases.ts";
import { runReadCases } from "./run-read-cases.ts";
import { runTurnCases } from "./run-turn-cases.ts";
import { runWriteCases } from "./run-write-cases.ts";

export interface RunStoreSuiteOptions {
  /**
   * An unstarted store with data of its own. It keeps the events of the last `maxFinishedRuns` ended runs, else of a
   * thousand at least, and gives up others' at the latest soon after runs are created. Owners lose their runs when they
   * were silent for `leaseTtl` milliseconds.
   */
  create(options?: RunStoreSuiteCreateOptions): Promise<RunStore> | RunStore;
  /** Given where the data outlives the store. */
  readonly durable?: Durable<RunStore> | undefined;
  /** An unstarted store over the data of `store`, which goes on, as another process would have it. */
  peer?(store: RunStore): Promise<RunStore> | RunStore;
}

export interface RunStoreSuiteCreateOptions {
  readonly maxFinishedRuns?: number | undefined;
  readonly leaseTtl?: number | undefined;
  /** After how many milliseconds an ended run is compacted, by a store that compacts. */
  readonly compactAfter?: number | undefined;
}

/** Registers tests of everything that {@link RunStore} promises. */
export function runStoreSuite(name: string, { create, durable, peer }: RunStoreSuiteOptions): void {
  describe(`${name} as a RunStore`, () => {
    let store: RunStore;
    beforeEach(async () => {
      store = await create();
      await store.start();
    });
    afterEach(() => store.stop());

    const lease = { runId: "unknown", owner: "owner", epoch: 1, nextSeq: 1 };
    lifecycleCases(() => create(), {
      create: (store) => store.create(newRun()),
      waitTurn: (store) => store.waitTurn(lease),
      append: (store) => store.append(lease, textEntries(1, 1)),
      finish: (store) => endRun(store, lease),
      read: (store) => readRun(store, "unknown"),
      get: (store) => store.get("unknown"),
      list: (store) => store.list({ agent: "agent" }),
      requestCancel: (store) => store.requestCancel("unknown", { reason: "a test" }),
      watchCancel: (store) => store.watchCancel("unknown", new AbortController().signal),
      acquire: (store) => store.acquire("unknown", "owner"),
      renew: (store) => store.renew("owner"),
      disown: (store) => store.disown(lease),
      recover: (store) => store.recover("owner", { agents: ["agent"], limit: 1 }),
      unclaimed: (store) => store.unclaimed({ agents: ["agent"], limit: 1 }),
      deleteSession: (store) => store.deleteSession({ agent: "agent", userId: "a", sessionId: "b" }),
    });

    runCreateCases(() => store);
    runAnswerCases(() => store);
    runCanceledCases(() => store);
    runTurnCases(() => store);
    runWriteCases(() => store);
    runReadCases(() => store);
    runCancelCases(() => store);
    runListCases(() => store);
    runLeaseCases(create);
    runDeleteCases(() => store);
    if (peer !== undefined) runPeerCases(() => store, peer);

    it("lets go of those who read when it stops, with or without an error", async () => {
      const { run } = await createRun(store);
      const reading = readRun(store, run.id, { follow: true });
      await store.get(run.id);
      await store.stop();
      await Promise.allSettled([reading]);
    });

    it("gives up the events of ended runs, and says so", async () => {
      const small = await create({ maxFinishedRuns: 1 });
      await small.start();
      const idempotency = { key: "key", fingerprint: "a" };
      const old = await createRun(small, { idempotency });
      await endRun(small, old.lease);
      const recent = await createRun(small);
      await endRun(small, recent.lease);
      await vi.waitFor(async () => {
        await createRun(small);
        expect(await small.get(old.run.id)).toMatchObject({ status: "completed", lastSeq: 1, expired: true });
      });
      await expect(readRun(small, old.run.id)).rejects.toMatchObject({ code: "RUN_EXPIRED" });
      await expect(createRun(small, { id: old.run.id })).rejects.toMatchObject({ code: "RUN_ID_CONFLICT" });
      expect(await small.create(newRun({ idempotency }))).toMatchObject({
        kind: "replayed",
        run: { id: old.run.id, expired: true },
      });
      expect(seqs(await readRun(small, recent.run.id))).toEqual([0, 1]);
      await small.stop();
    });

    if (durable === undefined) return;
    runCompactionCases(create);
    describe("reopened", () => {
      it("has its runs, events, keys, requests, line and fences", async () => {
        const session = { sessionId: "session" };
        const idempotency = { key: "key", fingerprint: "a" };
        const first = await createRun(store, { session, idempotency });
        const second = await createRun(store, { session });
        const fence = await store.waitTurn(first.lease);
        await store.append(first.lease, textEntries(1, 3));
        await store.requestCancel(second.run.id, { reason: "a test" });
        const before = await Promise.all([store.get(first.run.id), store.get(second.run.id)]);
        await store.stop();
        store = await durable.reopen(store);
        await store.start();
        expect(await Promise.all([store.get(first.run.id), store.get(second.run.id)])).toEqual(before);
        expect(seqs(await readRun(store, first.run.id))).toEqual([0, 1, 2, 3]);
        expect((await store.create(newRun({ idempotency }))).kind).toBe("replayed");
        const { signal } = new AbortController();
        expect(await store.watchCancel(second.run.id, signal)).toEqual({ reason: "a test" });
        const lease = await store.acquire(first.run.id, "another owner");
        expect(lease.nextSeq).toBe(4);
        await expect(store.append(first.lease, textEntries(4, 1))).rejects.toMatchObject({ code: "FENCED" });
        await endRun(store, lease);
        await store.release(lease);
        expect(await store.waitTurn(second.lease)).toBeGreaterThan(fence);
      });
    });
  });
}
