import {
  AgentApp,
  InMemoryRunStore,
  InMemorySessionHistoryService,
  type LogEntry,
  type RunLease,
  RuntimeError,
  text,
} from "@agentscope-runtime/core";
import { expect, test, vi } from "vitest";
import { eventsIn, expectWholeLog, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serverOf } from "./support/serve.ts";

/** A store whose writes fail as often as they are told to, before or after they were done. */
class FlakyRunStore extends InMemoryRunStore {
  failures = 0;
  after = false;

  override async append(lease: RunLease, entries: readonly LogEntry[]): Promise<void> {
    if (this.after) await super.append(lease, entries);
    if (this.failures-- > 0) throw new RuntimeError("DATABASE_ERROR", "The database does not answer.");
    if (!this.after) await super.append(lease, entries);
  }
}

test.each([
  ["were not done", false],
  ["were done, though nobody was told", true],
])("a run goes on when writes fail that %s", async (_, after) => {
  const runStore = new FlakyRunStore();
  const app = quietApp({ runStore }).query(text(), async function* () {
    yield "one ";
    runStore.after = after;
    runStore.failures = 2;
    yield "two ";
    await new Promise(setImmediate);
    yield "three";
  });
  const server = await serverOf(app);
  const { body } = await server.inject({ method: "POST", url: "/process", payload: ask("Hi") });
  const events = await eventsIn(body);
  expectWholeLog(events);
  expect(JSON.stringify(terminalOf(events).output)).toContain("one two three");
});

test("a run goes on when a write is done after it was given up, and after the store was asked for it", async () => {
  class LateRunStore extends InMemoryRunStore {
    late: (() => Promise<void>) | undefined;
    #failed = false;

    override async append(lease: RunLease, entries: readonly LogEntry[]): Promise<void> {
      if (!this.#failed && entries.length > 0) {
        this.#failed = true;
        this.late = () => super.append(lease, entries);
        throw new RuntimeError("SERVICE_UNAVAILABLE", "The database does not answer.");
      }
      // Just before the repetition, which looked for it in vain.
      await this.late?.();
      this.late = undefined;
      await super.append(lease, entries);
    }
  }
  const app = quietApp({ runStore: new LateRunStore() }).query(text(), async function* () {
    yield "one ";
    await new Promise((resolve) => setTimeout(resolve, 10));
    yield "two";
  });
  const server = await serverOf(app);
  const { body } = await server.inject({ method: "POST", url: "/process", payload: ask("Hi") });
  const events = await eventsIn(body);
  expectWholeLog(events);
  expect(JSON.stringify(terminalOf(events).output)).toContain("one two");
});

test("a history that never answers holds up neither the end of a run nor its cancellation", async () => {
  const history = new InMemorySessionHistoryService();
  await history.start();
  const hangs = Promise.withResolvers<void>();
  vi.spyOn(history, "appendMessages").mockImplementation((_, messages) =>
    messages[0]?.role === "assistant" ? hangs.promise : Promise.resolve(),
  );
  const app = quietApp()
    .services(() => ({ history }))
    .query(text(), () => "Hello!");
  const server = await serverOf(app);
  const natural = await server.inject({
    method: "POST",
    url: "/process",
    payload: ask("Hi", { stream: false }),
  });
  expect(natural.json()).toMatchObject({ status: "failed", error: { code: "TIMEOUT" } });

  const slow = quietApp({ runs: { settleTimeout: 60_000 } })
    .services(() => ({ history }))
    .query(text(), () => "Hello!");
  const slowServer = await serverOf(slow);
  const answer = slowServer.inject({
    method: "POST",
    url: "/process",
    payload: ask("Hi", { id: "r", stream: false }),
  });
  await vi.waitFor(async () =>
    expect((await slowServer.inject("/runs/r")).json()).toMatchObject({ last_sequence_number: 5 }),
  );
  await slowServer.inject({ method: "POST", url: "/runs/r/cancel" });
  expect((await answer).json()).toMatchObject({ status: "canceled" });
});

test("a cancellation gets through although watching for it has failed before", async () => {
  const runStore = new InMemoryRunStore();
  vi.spyOn(runStore, "watchCancel").mockRejectedValueOnce(new Error("connection lost"));
  const app = quietApp({ runStore }).query(text(), async function* ({ signal }) {
    yield "Hello";
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const server = await serverOf(app);
  const answer = server.inject({
    method: "POST",
    url: "/process",
    payload: ask("Hi", { id: "r", stream: false }),
  });
  await vi.waitFor(async () => expect((await server.inject("/runs/r")).statusCode).toBe(200));
  await server.inject({ method: "POST", url: "/runs/r/cancel" });
  expect((await answer).json()).toMatchObject({ status: "canceled" });
});

test("a drain that can't cancel still shuts the app down", async () => {
  const runStore = new InMemoryRunStore();
  vi.spyOn(runStore, "requestCancel").mockRejectedValue(new Error("redis down"));
  const ended: string[] = [];
  const app = new AgentApp({
    name: "Friday",
    log: { level: "silent" },
    drainGrace: 20,
    runStore,
    runs: { cancelGrace: 20 },
  })
    .init(() => "made")
    .shutdown((made) => ended.push(made))
    .query(text(), async function* () {
      yield "Hello";
      await new Promise(() => undefined);
    });
  const server = await app.createServer();
  server.inject({ method: "POST", url: "/process", payload: ask("Hi", { id: "r" }) }).catch(() => undefined);
  await vi.waitFor(async () => expect((await server.inject("/runs/r")).statusCode).toBe(200));
  await server.close();
  expect(ended).toEqual(["made"]);
  expect(await runStore.health()).toBe(false);
});

test("a store that does not answer does not keep the app from shutting down", async () => {
  const runStore = new InMemoryRunStore({ leaseTtl: 300 });
  const lines: string[] = [];
  const log = { level: "warn", write: (line: string) => void lines.push(line) } as const;
  const options = { log, drainGrace: 20, runStore, runs: { cancelGrace: 20 } };
  const server = await quietApp(options)
    .query(text(), async function* () {
      yield "Hello";
      await new Promise(() => undefined);
    })
    .createServer();
  server.inject({ method: "POST", url: "/process", payload: ask("Hi", { id: "r" }) }).catch(() => undefined);
  await vi.waitFor(async () => expect((await server.inject("/runs/r")).statusCode).toBe(200));
  const silence = new Promise<never>(() => undefined);
  vi.spyOn(runStore, "requestCancel").mockReturnValue(silence);
  const unclaimed = vi.spyOn(runStore, "unclaimed").mockReturnValue(silence);
  await vi.waitFor(() => expect(unclaimed).toHaveBeenCalled());
  await server.close();
  expect(lines.join("")).toContain("some handlers have not returned before the end");
  expect(lines.join("")).toContain("runs that nobody is at work on are left as they are");
});
