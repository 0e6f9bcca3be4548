import { setTimeout as sleep } from "node:timers/promises";
import type { AgentEvent, AgentResponse } from "@agentscope-runtime/agent-api";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Backend, startBackend } from "../src/backend.ts";
import { RunClient } from "../src/run-client.ts";
import { ServerProcess } from "../src/server-process.ts";
import { verifyHistory, verifyRun } from "../src/verify.ts";

const LEASE_TTL = 1500;

describe.each(["redis", "postgres"] as const)("two replicas over %s", (name) => {
  let backend: Backend;
  let a: ServerProcess;
  let b: ServerProcess;
  beforeAll(async () => {
    backend = await startBackend(name);
    [a, b] = await Promise.all([
      ServerProcess.start(backend, { leaseTtl: LEASE_TTL }),
      ServerProcess.start(backend, { leaseTtl: LEASE_TTL }),
    ]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([a.stop(), b.stop()]);
    await backend.stop();
  });

  const client = (url: string, words: string, sessionId: string = crypto.randomUUID()) =>
    new RunClient({ url, runId: `run-${crypto.randomUUID()}`, sessionId, words, patience: 20_000 });
  const watch = ({ runId, sessionId }: RunClient, url: string, words: string) =>
    new RunClient({ url, runId, sessionId, words, patience: 20_000 });
  const statusOf = async (url: string, runId: string) =>
    ((await (await fetch(`${url}/runs/${runId}`)).json()) as { status?: string }).status;

  test("a run started on one is watched on the other, word by word, and canceled there", async () => {
    const run = client(a.url, "slow 3000");
    const running = run.run();
    await vi.waitFor(() => expect(run.events.length).toBeGreaterThan(5), { timeout: 10_000 });
    const other = watch(run, b.url, "slow 3000");
    const watching = other.run();
    await vi.waitFor(() => expect(other.events.length).toBeGreaterThan(20), { timeout: 10_000 });
    const asked = performance.now();
    expect((await fetch(`${b.url}/runs/${run.runId}/cancel`, { method: "POST" })).status).toBe(202);
    await vi.waitFor(async () => expect(await statusOf(a.url, run.runId)).toBe("canceled"), { interval: 10 });
    // A second for the owner to learn of it, and what the handler gets to end in.
    expect(performance.now() - asked).toBeLessThan(1000 + 800);
    await Promise.all([running, watching]);
    expect(other.events).toEqual(run.events);
    expect((run.end as AgentResponse).status).toBe("canceled");
    expect(await verifyRun(b.url, run)).toEqual([]);
  });

  test("the runs of a session go one after the other, whichever replica takes them on", async () => {
    const sessionId = crypto.randomUUID();
    const runs = Array.from({ length: 6 }, (_, index) =>
      client(index % 2 === 0 ? a.url : b.url, "quick 30", sessionId),
    );
    await Promise.all(runs.map((run) => run.run()));
    expect(runs.map((run) => run.end?.status)).toEqual(runs.map(() => "completed"));
    expect(await verifyHistory(a.url, sessionId, runs)).toEqual([]);
  });

  test("one that is paused past its lease loses its runs, and what it writes late is refused", async () => {
    const run = client(a.url, "stubborn");
    const running = run.run();
    await vi.waitFor(() => expect(run.events.length).toBeGreaterThan(2), { timeout: 10_000 });
    const other = watch(run, b.url, "stubborn");
    const watching = other.run();
    a.pause();
    onTestFinished(() => a.resume());
    await watching;
    expect(other.end).toMatchObject({ status: "failed", error: { code: "RUN_INTERRUPTED" } });
    const next = client(b.url, "quick 10", run.sessionId);
    await next.run();
    expect(next.end?.status).toBe("completed");
    a.resume();
    await vi.waitFor(() => expect(a.lines).toContain("state FENCED"), { timeout: 10_000 });
    await running;
    expect(run.events).toEqual(other.events);
    expect(await statusOf(a.url, run.runId)).toBe("failed");
    expect(await verifyRun(a.url, run)).toEqual([]);
    const again = client(a.url, "quick 10", run.sessionId);
    await again.run();
    expect(again.end?.status).toBe("completed");
  });

  test("when the store hangs, no run is left behind: those at work, and those whose start nobody could confirm", async () => {
    const runs = Array.from({ length: 4 }, (_, index) => client(index % 2 === 0 ? a.url : b.url, "slow 120"));
    const all = runs.map((run) => run.run());
    await vi.waitFor(() => expect(runs.every(({ events }) => events.length > 5)).toBe(true), {
      timeout: 10_000,
    });
    backend.server?.pause();
    const late = Array.from({ length: 6 }, (_, index) => client(index % 2 === 0 ? a.url : b.url, "quick 20"));
    all.push(...late.map((run) => run.run()));
    await sleep(4000);
    backend.server?.resume();
    await Promise.all(all);
    for (const run of [...runs, ...late]) expect(await verifyRun(b.url, run)).toEqual([]);
    // Whoever is first to be heard again may take the others for dead.
    for (const run of [...runs, ...late]) {
      const { status, error } = run.end as AgentResponse;
      expect(status === "completed" || error?.code === "RUN_INTERRUPTED").toBe(true);
    }
    // The sessions are free again.
    const next = runs.map(({ sessionId }) => client(b.url, "quick 5", sessionId));
    await Promise.all(next.map((run) => run.run()));
  }, 60_000);

  test("when the store is restarted in the middle of runs, each client gets an end or goes on, and readiness tells", async () => {
    const runs = Array.from({ length: 6 }, (_, index) => client(index % 2 === 0 ? a.url : b.url, "slow 120"));
    const running = Promise.all(runs.map((run) => run.run()));
    await vi.waitFor(() => expect(runs.every(({ events }) => events.length > 5)).toBe(true), {
      timeout: 10_000,
    });
    await backend.server?.kill();
    const ready = async () => (await fetch(`${a.url}/readiness`)).status;
    await vi.waitFor(async () => expect(await ready()).toBe(503), { timeout: 10_000 });
    await sleep(1000);
    await backend.server?.restart();
    await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 15_000 });
    await running;
    for (const run of runs) {
      expect(await verifyRun(b.url, run)).toEqual([]);
      const { status, error } = run.end as AgentResponse & AgentEvent;
      expect(status === "completed" || error?.code === "RUN_INTERRUPTED").toBe(true);
    }
  }, 60_000);
});
