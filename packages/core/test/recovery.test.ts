import type { AgentEvent, AgentResponse } from "@agentscope-runtime/agent-api";
import {
  type AgentPart,
  InMemorySessionHistoryService,
  InMemoryStateService,
  RuntimeError,
  text,
} from "@agentscope-runtime/core";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  eventsIn,
  expectWholeLog,
  outputText,
  responseStatuses,
  terminalOf,
} from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted } from "./support/gate.ts";
import { LastingRunStore, leaveBehind } from "./support/left-behind.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

const said: readonly AgentPart[] = [
  { kind: "text-delta", messageId: "first", text: "All of it." },
  { kind: "message-end", messageId: "first" },
  { kind: "reasoning-delta", messageId: "second", text: "Let me " },
  { kind: "reasoning-delta", messageId: "second", text: "see" },
  { kind: "tool-call", callId: "call", name: "search", messageId: "third" },
  { kind: "tool-arguments-delta", callId: "call", text: '{"q":' },
];

async function logOf(url: string, id = "run-1"): Promise<AgentEvent[]> {
  return eventsIn(await (await fetch(`${url}/runs/${id}/events`)).text());
}

test("a run whose process has died ends as interrupted, its open messages closed, for a client that comes back", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  const history = new InMemorySessionHistoryService();
  await history.start();
  const { session } = await leaveBehind(runStore, { parts: said });
  const { url } = await serve(
    quietApp({ runStore })
      .services(() => ({ history }))
      .query(text(), () => "never"),
  );
  const reader = await EventReader.open(`${url}/runs/run-1/events`, { headers: { "last-event-id": "4" } });
  const rest = await reader.rest();
  const events = await logOf(url);
  expectWholeLog(events);
  expect(rest).toEqual(events.slice(5));
  const end = terminalOf(events);
  expect(end).toMatchObject({ status: "failed", error: { code: "RUN_INTERRUPTED" } });
  expect(end.output?.map(({ type, status }) => [type, status])).toEqual([
    ["message", "completed"],
    ["reasoning", "incomplete"],
    ["plugin_call", "incomplete"],
  ]);
  expect(outputText(end)).toBe("All of it.Let me see");

  const { items } = await history.getMessages(session);
  expect(items.map(({ role, status }) => [role, status])).toEqual([
    ["user", "created"],
    ["assistant", "completed"],
    ["assistant", "incomplete"],
    ["assistant", "incomplete"],
  ]);
  const next = await post(
    `${url}/process`,
    ask("Again", { session_id: "session", user_id: "user", stream: false }),
  );
  expect(await next.json()).toMatchObject({ status: "completed" });
});

test("a run that had only waited goes on", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  await leaveBehind(runStore, { id: "first", parts: [] });
  await leaveBehind(runStore, { id: "second" });
  const { url } = await serve(quietApp({ runStore }).query(text(), () => "Hello!"));
  const events = await logOf(url, "second");
  expectWholeLog(events);
  expect(outputText(terminalOf(events))).toBe("Hello!");
  expect(responseStatuses(events)).toEqual(["created", "in_progress", "completed"]);
  expect(terminalOf(await logOf(url, "first")).status).toBe("failed");
});

test("a run that had waited for a client that wants it canceled without it is canceled", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  await leaveBehind(runStore, { request: { on_disconnect: "cancel" } });
  const { url } = await serve(quietApp({ runStore }).query(text(), () => "Hello!"));
  expect(terminalOf(await logOf(url)).status).toBe("canceled");
});

test("a run whose cancellation was accepted before its process died ends as canceled", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  await leaveBehind(runStore, { parts: said });
  await runStore.requestCancel("run-1", { reason: "No more." });
  const { url } = await serve(quietApp({ runStore }).query(text(), () => "never"));
  const events = await logOf(url);
  expectWholeLog(events);
  expect(terminalOf(events)).toMatchObject({ status: "canceled", error: { message: "No more." } });
});

test("with recover: rerun the handler starts again, and readers are told what that supersedes", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  await leaveBehind(runStore, { parts: said });
  const app = quietApp({ runStore, runs: { recover: "rerun" } }).query(text(), async function* ({ msgs }) {
    yield `${msgs.length} message, `;
    yield "answered anew";
  });
  const { url } = await serve(app);
  const events = await logOf(url);
  expectWholeLog(events);
  const end = terminalOf(events);
  expect(end).toMatchObject({ status: "completed", attempt: 2 });
  expect(outputText(end)).toBe("1 message, answered anew");
  const again = events.findIndex(({ attempt }) => attempt === 2);
  expect(events[again]).toMatchObject({ object: "response", status: "in_progress" });
  expect(events.slice(again).every(({ attempt }) => attempt === 2)).toBe(true);
  const before = events.slice(0, again).filter(({ object }) => object === "message");
  expect(before.map((event) => event.status)).toEqual([
    "in_progress",
    "completed",
    "in_progress",
    "in_progress",
    "incomplete",
    "incomplete",
  ]);
  const ids = events.flatMap((event) => (event.object === "message" ? [`${event.attempt}${event.id}`] : []));
  expect(new Set(ids).size).toBe(4);
});

test("a run that kills its process each time is not started for ever", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  const { lease } = await leaveBehind(runStore, { parts: said });
  await runStore.waitTurn(lease);
  await runStore.waitTurn(lease);
  let starts = 0;
  const app = quietApp({ runStore, runs: { recover: "rerun", maxAttempts: 3 } }).query(text(), () => {
    starts++;
    return "";
  });
  const { url } = await serve(app);
  expect(terminalOf(await logOf(url))).toMatchObject({
    status: "failed",
    error: { code: "RUN_INTERRUPTED" },
  });
  expect(starts).toBe(0);
});

test("what a handler that was given up on still writes is refused by the services", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  const state = new InMemoryStateService();
  const history = new InMemorySessionHistoryService();
  const { session, lease } = await leaveBehind(runStore, { parts: said });
  const app = quietApp({ runStore })
    .init(async () => {
      await Promise.all([state.start(), history.start()]);
      return { state, history };
    })
    .query(text(), () => "never");
  const { url } = await serve(app);
  await logOf(url);
  const fenced = { code: "FENCED" };
  await expect(state.saveState(session, {})).rejects.toMatchObject(fenced);
  await expect(history.appendMessages(session, [])).rejects.toMatchObject(fenced);
  await expect(runStore.append(lease, [])).rejects.toMatchObject(fenced);
});

test("a run of an agent that is not served here is left alone", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  await leaveBehind(runStore, { parts: said });
  await serve(quietApp({ runStore, name: "Another" }).query(text(), () => "never"));
  // Several times the lease.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await runStore.get("run-1"))?.status).toBe("in_progress");
});

test("a process that was paused past its lease gives its runs up", async () => {
  let skipped = 0;
  const runStore = new LastingRunStore({ leaseTtl: 90, now: () => Date.now() + skipped });
  const reasons: unknown[] = [];
  const app = quietApp({ runStore }).query(text(), async function* ({ signal }) {
    yield "working";
    await aborted(signal);
    reasons.push(signal.reason);
  });
  const server = await serverOf(app);
  const answer = server.inject({ method: "POST", url: "/process", payload: ask("Go", { id: "run-1" }) });
  await vi.waitFor(async () => expect((await runStore.get("run-1"))?.status).toBe("in_progress"));
  // The clock jumps as it does for a process that is stopped and goes on, and another takes over at that moment.
  skipped = 1000;
  const [taken] = await runStore.recover("other", { agents: ["Friday"], limit: 1 });
  const alive = setInterval(() => runStore.renew("other"), 10);
  onTestFinished(() => clearInterval(alive));
  await vi.waitFor(() => expect(reasons).toHaveLength(1));
  expect(taken?.run.id).toBe("run-1");
  expect((await runStore.get("run-1"))?.status).toBe("in_progress");
  if (taken === undefined) return;
  const end: AgentResponse = {
    ...(terminalOf(await eventsIn(await endOf("run-1"))) as AgentResponse),
    sequence_number: taken.lease.nextSeq,
  };
  await runStore.finish(taken.lease, "failed", [
    { seq: taken.lease.nextSeq, json: JSON.stringify(end), event: end },
  ]);
  expect(terminalOf(await eventsIn((await answer).body))).toMatchObject({ status: "failed" });
});

test("a run whose end could not be written while the store was away ends when it is back", async () => {
  let down = false;
  class LeavingRunStore extends LastingRunStore {
    override async append(...[lease, entries]: Parameters<LastingRunStore["append"]>): Promise<void> {
      this.#assertUp();
      await super.append(lease, entries);
    }
    override async finish(
      ...[lease, status, entries]: Parameters<LastingRunStore["finish"]>
    ): Promise<boolean> {
      this.#assertUp();
      return super.finish(lease, status, entries);
    }
    #assertUp(): void {
      if (down) throw new RuntimeError("DATABASE_ERROR", "The database does not answer.");
    }
  }
  const runStore = new LeavingRunStore({ leaseTtl: 300 });
  const app = quietApp({ runStore }).query(text(), async function* () {
    yield "one";
    await new Promise(setImmediate);
    down = true;
    yield "two";
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Go", { id: "run-1" }) });
  const start = await reader.until(({ object }) => object === "content");
  // Longer than a write is repeated.
  await new Promise((resolve) => setTimeout(resolve, 13_500));
  down = false;
  const events = [...start, ...(await reader.rest())];
  expectWholeLog(events);
  expect(terminalOf(events)).toMatchObject({ status: "failed", error: { code: "RUN_INTERRUPTED" } });
}, 30_000);

/** A lasting store whose named calls fail as often as they are told to, before or after they were done. */
class FailingRunStore extends LastingRunStore {
  readonly #failures = new Map<string, { times: number; done: boolean }>();

  fail(
    call: "create" | "waitTurn" | "release" | "recover" | "acquire",
    { times = 1, done = false } = {},
  ): this {
    this.#failures.set(call, { times, done });
    return this;
  }

  override create(...args: Parameters<LastingRunStore["create"]>) {
    return this.#attempt("create", () => super.create(...args));
  }
  override waitTurn(...args: Parameters<LastingRunStore["waitTurn"]>) {
    return this.#attempt("waitTurn", () => super.waitTurn(...args));
  }
  override release(...args: Parameters<LastingRunStore["release"]>) {
    return this.#attempt("release", () => super.release(...args));
  }
  override recover(...args: Parameters<LastingRunStore["recover"]>) {
    return this.#attempt("recover", () => super.recover(...args));
  }
  override acquire(...args: Parameters<LastingRunStore["acquire"]>) {
    return this.#attempt("acquire", () => super.acquire(...args));
  }

  async #attempt<Value>(call: string, work: () => Promise<Value>): Promise<Value> {
    const failure = this.#failures.get(call);
    if (failure === undefined || failure.times-- <= 0) return work();
    if (failure.done) await work();
    throw new RuntimeError("SERVICE_UNAVAILABLE", "The database does not answer.");
  }
}

test.each(["waitTurn", "release"] as const)(
  "a run whose %s fails once ends well, and so does the next of its session",
  async (call) => {
    for (const done of [false, true]) {
      const runStore = new FailingRunStore({ leaseTtl: 150 }).fail(call, { done });
      const { url } = await serve(quietApp({ runStore }).query(text(), () => "Hello!"));
      for (const id of ["first", "second"]) {
        const answer = await post(`${url}/process`, ask("Hi", { id, session_id: "one", stream: false }));
        expect(await answer.json()).toMatchObject({ id, status: "completed" });
      }
    }
  },
);

test("a run whose creation was not confirmed is executed all the same, and a retry with its key finds it", async () => {
  const runStore = new FailingRunStore({ leaseTtl: 150 }).fail("create", { done: true });
  const { url } = await serve(quietApp({ runStore }).query(text(), () => "Hello!"));
  const send = () =>
    post(`${url}/process`, ask("Hi", { id: "run", session_id: "one", stream: false }), {
      "idempotency-key": "key",
    });
  expect((await send()).status).toBe(503);
  const again = await send();
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(await again.json()).toMatchObject({ id: "run", status: "completed" });
});

test("runs that were taken over without an answer are taken over again", async () => {
  const runStore = new FailingRunStore({ leaseTtl: 60 });
  await leaveBehind(runStore, { parts: said });
  runStore.fail("recover", { done: true });
  const { url } = await serve(quietApp({ runStore }).query(text(), () => "never"));
  expect(terminalOf(await logOf(url))).toMatchObject({
    status: "failed",
    error: { code: "RUN_INTERRUPTED" },
  });
});

test("a service that fails while a run is taken over is asked again, before its session is free", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 60 });
  const state = new InMemoryStateService();
  const history = new InMemorySessionHistoryService();
  await Promise.all([state.start(), history.start()]);
  const { session } = await leaveBehind(runStore, { parts: said });
  vi.spyOn(state, "exportState").mockRejectedValueOnce(new Error("The database does not answer."));
  vi.spyOn(history, "appendMessages").mockRejectedValueOnce(new Error("The database does not answer."));
  const { url } = await serve(
    quietApp({ runStore })
      .services(() => ({ state, history }))
      .query(text(), () => "never"),
  );
  const events = await logOf(url);
  expectWholeLog(events);
  expect(terminalOf(events).status).toBe("failed");
  await expect(state.saveState(session, {})).rejects.toMatchObject({ code: "FENCED" });
  const { items } = await history.getMessages(session);
  expect(items.map(({ status }) => status)).toEqual(["created", "completed", "incomplete", "incomplete"]);
});

test("a server that ends in order hands over what had only waited, and with rerun what was at work", async () => {
  const runStore = new LastingRunStore({ leaseTtl: 150 });
  const executed: string[] = [];
  const make = (name: string) =>
    quietApp({ runStore, runs: { recover: "rerun" } }).query(text(), async function* ({ request, signal }) {
      executed.push(`${name} ${request.id}`);
      yield `Hello from ${name}`;
      if (name === "first") await aborted(signal);
    });
  const first = await make("first").listen({ port: 0 });
  for (const id of ["a", "b"]) await post(`${first.url}/process/task`, ask("Hi", { id, session_id: "one" }));
  await vi.waitFor(() => expect(executed).toEqual(["first a"]));
  const { url } = await serve(make("second"));
  await first.close();
  const logs = [await logOf(url, "a"), await logOf(url, "b")];
  for (const log of logs) {
    expectWholeLog(log);
    expect(outputText(terminalOf(log))).toBe("Hello from second");
  }
  expect(executed).toEqual(["first a", "second a", "second b"]);
  expect(terminalOf(logs[0] ?? []).attempt).toBe(2);
});

test("what can't be logged ends a run no other way than what can", async () => {
  const app = quietApp({ log: { level: "error", write: () => undefined } }).query(text(), () => {
    throw Object.defineProperty({}, "message", {
      get: () => {
        throw new Error("no");
      },
    });
  });
  const server = await serverOf(app);
  const answer = await server.inject({
    method: "POST",
    url: "/process",
    payload: ask("Hi", { stream: false }),
  });
  expect(answer.json()).toMatchObject({ status: "failed", error: { code: "AGENT_UNKNOWN_ERROR" } });
});

/** The stream of a run that failed, to take its end from. */
async function endOf(id: string): Promise<string> {
  const server = await serverOf(
    quietApp().query(text(), () => {
      throw new RuntimeError("AGENT_ERROR", "no");
    }),
  );
  return (await server.inject({ method: "POST", url: "/process", payload: ask("Go", { id }) })).body;
}
