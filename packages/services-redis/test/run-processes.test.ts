import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LogEntry } from "@agentscope-runtime/core";
import { RedisRunStore } from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { responseEntry } from "@agentscope-runtime/testing";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const server = await RedisServer.start({ appendfsync: "no" });
afterAll(() => server.stop());

describe("a run of another process", () => {
  let store: RedisRunStore;
  let writer: ChildProcess;
  const prefix = "processes";
  let count = 0;
  let id = "";
  beforeEach(async () => {
    id = `run ${++count}`;
    writer = fork(join(import.meta.dirname, "run-writer.ts"), [server.url, prefix, id], {
      execArgv: ["--conditions=@agentscope-runtime/source"],
    });
    // Only what is told of a change can be quick enough for these tests.
    store = new RedisRunStore({ url: server.url, prefix, leaseTtl: 500, pollInterval: 60_000 });
    await Promise.all([store.start(), once(writer, "message")]);
  });
  afterEach(async () => {
    writer.kill("SIGKILL");
    await store.stop();
  });

  it("is followed and canceled here, and ends there", async () => {
    const seqs: number[] = [];
    let batches = 0;
    for await (const batch of store.read(id, { follow: true })) {
      batches++;
      seqs.push(...batch.map(({ seq }) => seq));
      if (batches === 10) await store.requestCancel(id, { reason: "Enough." });
    }
    expect(seqs).toEqual(seqs.map((_, index) => index));
    await vi.waitFor(() => expect(writer.exitCode).toBe(0), { timeout: 5000 });
    expect(await store.get(id)).toMatchObject({
      status: "canceled",
      lastSeq: seqs.length - 1,
      cancel: { reason: "Enough." },
    });
  });

  it("is gone on with here when that is killed, and no event is lost or doubled", async () => {
    const entries: LogEntry[] = [];
    const reading = (async () => {
      for await (const batch of store.read(id, { follow: true })) entries.push(...batch);
    })();
    await vi.waitFor(() => expect(entries.length).toBeGreaterThan(20), { timeout: 5000, interval: 5 });
    writer.kill("SIGKILL");
    const taken = await vi.waitFor(
      async () => {
        const [run] = await store.recover("heir", { agents: ["agent"], limit: 10 });
        if (run === undefined) throw new Error("It counts as alive.");
        return run;
      },
      { timeout: 5000, interval: 50 },
    );
    expect(taken).toMatchObject({ run: { id, attempt: 1 }, fence: expect.any(Number) });
    const { lease } = taken;
    await store.finish(lease, "failed", [responseEntry(lease.nextSeq, id, "failed")]);
    await store.release(lease);
    await reading;
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: lease.nextSeq + 1 }, (_, seq) => seq));
  });
});
