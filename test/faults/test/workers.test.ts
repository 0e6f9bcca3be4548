import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Backend, startBackend } from "../src/backend.ts";
import { RunClient } from "../src/run-client.ts";
import { ServerProcess } from "../src/server-process.ts";
import { verifyHistory, verifyRun } from "../src/verify.ts";

const LEASE_TTL = 1500;

let backend: Backend;
let web: ServerProcess;
let workers: ServerProcess[];
const worker = () => ServerProcess.start(backend, { leaseTtl: LEASE_TTL, role: "worker" });
beforeAll(async () => {
  backend = await startBackend("redis");
  web = await ServerProcess.start(backend, { leaseTtl: LEASE_TTL, role: "web" });
  workers = await Promise.all([worker(), worker()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([web.stop(), ...workers.map((process) => process.stop())]);
  await backend.stop();
}, 30_000);

const client = (words: string, sessionId: string = crypto.randomUUID()) =>
  new RunClient({ url: web.url, runId: `run-${crypto.randomUUID()}`, sessionId, words, patience: 30_000 });

test("runs accepted by a web process are executed by workers, in the order of their sessions", async () => {
  const sessions = ["one", "two", "three"];
  const runs = sessions.flatMap((session) => Array.from({ length: 4 }, () => client("quick 20", session)));
  await Promise.all(runs.map((run) => run.run()));
  for (const run of runs) {
    expect(run.end?.status).toBe("completed");
    expect(await verifyRun(web.url, run)).toEqual([]);
  }
  for (const session of sessions) {
    const ofSession = runs.filter(({ sessionId }) => sessionId === session);
    expect(await verifyHistory(web.url, session, ofSession)).toEqual([]);
  }
}, 30_000);

test("a run is canceled through the web process wherever it is executed", async () => {
  const run = client("slow 3000");
  const running = run.run();
  await vi.waitFor(() => expect(run.events.length).toBeGreaterThan(10), { timeout: 10_000 });
  await fetch(`${web.url}/runs/${run.runId}/cancel`, { method: "POST" });
  await running;
  expect(run.end?.status).toBe("canceled");
}, 30_000);

test("a worker that is killed costs its runs only, and those that waited go on elsewhere", async () => {
  const running = Array.from({ length: 4 }, () => client("slow 200"));
  const waiting = running.map(({ sessionId }) => client("quick 20", sessionId));
  const all = [...running.map((run) => run.run())];
  await vi.waitFor(() => expect(running.every(({ events }) => events.length > 5)).toBe(true), {
    timeout: 10_000,
  });
  all.push(...waiting.map((run) => run.run()));
  await workers.shift()?.kill();
  await Promise.all(all);
  const ends = running.map(({ end }) => end?.status);
  expect(ends.filter((status) => status === "failed").length).toBeGreaterThan(0);
  expect(ends.every((status) => status === "failed" || status === "completed")).toBe(true);
  expect(waiting.map(({ end }) => end?.status)).toEqual(waiting.map(() => "completed"));
  for (const run of [...running, ...waiting]) expect(await verifyRun(web.url, run)).toEqual([]);
  workers.push(await worker());
}, 60_000);

test("runs wait while there is no worker at all", async () => {
  await Promise.all(workers.splice(0).map((process) => process.stop()));
  const run = client("quick 20");
  const running = run.run();
  await vi.waitFor(() => expect(run.events.length).toBe(1), { timeout: 10_000 });
  workers.push(await worker());
  await running;
  expect(run.end?.status).toBe("completed");
}, 60_000);
