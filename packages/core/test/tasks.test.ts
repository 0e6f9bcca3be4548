import { setTimeout as sleep } from "node:timers/promises";
import { AgentApp, InMemoryTaskQueue, RuntimeError, type TaskContext, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { aborted, Gate } from "./support/gate.ts";
import { post, refusal } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";
import { get, submit } from "./support/tasks.ts";

const hang = () => new Promise(() => undefined);

test("a task is submitted, worked on, and shows its result", async () => {
  const began = new Gate();
  const goOn = new Gate();
  const app = quietApp()
    .init(() => ({ greeting: "Hello" }))
    .task("/greet", { body: z.object({ name: z.string() }) }, async ({ body, resources }) => {
      began.open();
      await goOn.passed;
      return { words: `${resources.greeting} ${body.name}` };
    });
  const { url } = await serve(app);
  const answer = await post(`${url}/greet`, { name: "Alice" });
  const submitted = (await answer.json()) as Record<string, string>;
  expect([answer.status, submitted.status]).toEqual([202, "submitted"]);
  expect(submitted.url).toBe(`/greet/${submitted.task_id}`);
  expect(answer.headers.get("location")).toBe(submitted.url);

  await began.passed;
  const task = `${url}${submitted.url}`;
  const now = Math.floor(Date.now() / 1000);
  expect(await get(task)).toEqual({
    object: "task",
    task_id: submitted.task_id,
    status: "running",
    result: null,
    error: null,
    attempt: 1,
    created_at: expect.closeTo(now, -1),
    started_at: expect.closeTo(now, -1),
    completed_at: null,
    cancel_reason: null,
  });
  const waiting = get(`${task}?wait=true`);
  goOn.open();
  const finished = { status: "finished", result: { words: "Hello Alice" }, error: null };
  expect(await waiting).toMatchObject({ ...finished, completed_at: expect.closeTo(now, -1) });
  expect(await get(task)).toEqual(await waiting);
});

test("the handler gets the body through its schema, and what belongs to the attempt", async () => {
  const contexts: TaskContext<unknown, unknown>[] = [];
  const app = quietApp().task(
    "/remind",
    { body: z.object({ at: z.string().transform((at) => new Date(at)), times: z.int().default(3) }) },
    (context) => {
      contexts.push(context);
      return [context.body.at.getTime(), context.body.times];
    },
  );
  const { url } = await serve(app);
  const task = await submit(`${url}/remind`, { at: "2026-01-01T00:00:00Z" });
  expect(await get(`${url}${task.url}?wait=true`)).toMatchObject({ result: [1767225600000, 3] });
  const { id, attempt, caller, signal, log } = contexts[0] as TaskContext<unknown, unknown>;
  expect([id, attempt, caller, signal.aborted]).toEqual([task.task_id, 1, {}, false]);
  expect(log.info).toBeInstanceOf(Function);
});

test("what does not fit is refused when it is submitted", async () => {
  let calls = 0;
  const { url } = await serve(quietApp().task("/x", { body: z.object({ n: z.int() }) }, () => ++calls));
  expect(await refusal(await post(`${url}/x`, { n: "one" }))).toBe("400 INVALID_PARAMETER");
  expect(await refusal(await post(`${url}/x?delay=soon`, { n: 1 }))).toBe("400 INVALID_PARAMETER");
  expect(await refusal(await post(`${url}/x?delay=2147483648`, { n: 1 }))).toBe("400 INVALID_PARAMETER");
  expect((await get(`${url}/x`)).data).toEqual([]);
  expect(calls).toBe(0);
});

test("a task that throws shows a known error and nothing of an unknown one", async () => {
  const lines: string[] = [];
  const app = quietApp({ log: { level: "error", write: (line) => void lines.push(line) } }).task(
    "/x",
    {},
    ({ body }) => {
      if (body === "known") throw new RuntimeError("MODEL_NOT_FOUND", "No such model.");
      throw new Error("Something broke");
    },
  );
  const { url } = await serve(app);
  const known = await submit(`${url}/x`, "known");
  expect(await get(`${url}${known.url}?wait=true`)).toMatchObject({
    status: "error",
    result: null,
    error: { code: "MODEL_NOT_FOUND", message: "No such model." },
  });
  const unknown = await submit(`${url}/x`, "unknown");
  expect(await get(`${url}${unknown.url}?wait=true`)).toMatchObject({
    status: "error",
    error: {
      code: "INTERNAL_ERROR",
      message: `The task failed. The server's log has more about task ${unknown.task_id}.`,
    },
  });
  const logged = lines.map((line) => JSON.parse(line)).find(({ task_id }) => task_id === unknown.task_id);
  expect(logged).toMatchObject({ err: { message: "Something broke" }, attempt: 1 });
});

test("a task that results in what is no JSON, or takes too long, has failed and says why", async () => {
  const app = quietApp()
    .task("/generator", {}, async function* () {
      yield 1;
    })
    .task("/hangs", { timeout: 20 }, hang);
  const { url } = await serve(app);
  const errorOf = async (path: string) => {
    const task = await submit(`${url}${path}`);
    return (await get(`${url}${task.url}?wait=true`)).error;
  };
  expect(await errorOf("/generator")).toEqual({
    code: "RESPONSE_ERROR",
    message: "The task's result is not JSON: it holds an iterable that is no array.",
  });
  expect(await errorOf("/hangs")).toEqual({ code: "TIMEOUT", message: "The task took longer than 20 ms." });
});

test("a task that fails is tried as often as it may be", async () => {
  const app = quietApp().task("/x", { attempts: 3, backoff: { delay: 1 } }, ({ attempt }) => {
    if (attempt < 3) throw new Error("not yet");
    return attempt;
  });
  const { url } = await serve(app);
  const task = await submit(`${url}/x`);
  const ended = await get(`${url}${task.url}?wait=true`);
  expect(ended).toMatchObject({ status: "finished", result: 3, attempt: 3, error: null });
});

test("a task with a delay is pending until then", async () => {
  const { url } = await serve(quietApp().task("/x", {}, () => "done"));
  const later = await submit(`${url}/x?delay=60000`);
  const soon = await submit(`${url}/x?delay=20`);
  expect(await get(`${url}${soon.url}?wait=true`)).toMatchObject({ status: "finished" });
  expect(await get(`${url}${later.url}`)).toMatchObject({ status: "pending", started_at: null, attempt: 0 });
});

test("a cancel aborts the handler, and the task ends as canceled", async () => {
  const began = new Gate();
  const app = quietApp().task("/x", {}, async ({ signal }) => {
    began.open();
    await aborted(signal);
    return "done";
  });
  const { url } = await serve(app);
  const task = await submit(`${url}/x`);
  await began.passed;
  const accepted = await post(`${url}${task.url}/cancel`, { reason: "Changed my mind." });
  expect([accepted.status, await accepted.json()]).toEqual([
    202,
    expect.objectContaining({ status: "running", cancel_reason: "Changed my mind." }),
  ]);
  const canceled = await get(`${url}${task.url}?wait=true`);
  expect(canceled).toMatchObject({ status: "canceled", result: null, cancel_reason: "Changed my mind." });
  const again = await fetch(`${url}${task.url}/cancel?wait=true`, { method: "POST" });
  expect([again.status, await again.json()]).toEqual([200, canceled]);
});

test("a cancel of a pending task, or one that waits for the end, answers with the ended task", async () => {
  const began = new Gate();
  const app = quietApp().task("/x", {}, () => {
    began.open();
    return hang();
  });
  const { url } = await serve(app);
  const pending = await submit(`${url}/x?delay=60000`);
  const atOnce = await fetch(`${url}${pending.url}/cancel`, { method: "POST" });
  expect([atOnce.status, await atOnce.json()]).toEqual([
    200,
    expect.objectContaining({ status: "canceled", cancel_reason: "The task was canceled." }),
  ]);
  const hanging = await submit(`${url}/x`);
  await began.passed;
  const waited = await fetch(`${url}${hanging.url}/cancel?wait=true`, { method: "POST" });
  expect([waited.status, await waited.json()]).toEqual([
    200,
    expect.objectContaining({ status: "canceled" }),
  ]);
});

test("tasks are listed, the newest first, by status and in pages, without their results", async () => {
  const { url } = await serve(quietApp().task("/x", {}, () => "done"));
  const ids: string[] = [];
  for (const delay of [0, 60_000, 60_000]) {
    ids.unshift((await submit(`${url}/x?delay=${delay}`)).task_id as string);
  }
  await get(`${url}/x/${ids[2]}?wait=true`);
  const idsOf = ({ data }: Record<string, unknown>) =>
    (data as { task_id: string }[]).map(({ task_id }) => task_id);
  const first = await get(`${url}/x?limit=2`);
  expect(idsOf(first)).toEqual(ids.slice(0, 2));
  const second = await get(`${url}/x?limit=2&cursor=${first.next_cursor}`);
  expect([idsOf(second), second.next_cursor]).toEqual([ids.slice(2), null]);
  expect(second.data).toMatchObject([{ status: "finished", result: null }]);
  expect(idsOf(await get(`${url}/x?status=pending`))).toEqual(ids.slice(0, 2));
  expect(await refusal(await fetch(`${url}/x?status=waiting`))).toBe("400 INVALID_PARAMETER");
  expect(await refusal(await fetch(`${url}/x?cursor=made-up`))).toBe("400 INVALID_PARAMETER");
});

test("what is not there is a 404, another path's tasks included", async () => {
  const app = quietApp()
    .task("/x", {}, () => "x")
    .task("/y", {}, () => "y");
  const { url } = await serve(app);
  const task = await submit(`${url}/x`);
  for (const path of [`/y/${task.task_id}`, "/x/unknown", "/x/unknown?wait=true", "/x/%00"]) {
    expect(await refusal(await fetch(`${url}${path}`))).toBe("404 TASK_NOT_FOUND");
  }
  const cancel = await fetch(`${url}/y/${task.task_id}/cancel`, { method: "POST" });
  expect(await refusal(cancel)).toBe("404 TASK_NOT_FOUND");
});

test("with authenticate everybody has their own tasks, and nobody sees others'", async () => {
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
    typeof headers.authorization === "string" ? { userId: headers.authorization } : undefined;
  const app = quietApp({ authenticate }).task("/x", {}, ({ caller }) => caller);
  const { url } = await serve(app);
  const alice = { authorization: "alice" };
  const bob = { authorization: "bob" };
  expect(await refusal(await post(`${url}/x`, null))).toBe("401 AUTH_FAILED");
  const key = { "idempotency-key": "key" };
  const task = await submit(`${url}/x`, 1, { ...alice, ...key });
  expect(await get(`${url}${task.url}?wait=true`, alice)).toMatchObject({ result: { userId: "alice" } });
  expect(await refusal(await fetch(`${url}${task.url}`))).toBe("401 AUTH_FAILED");
  expect(await refusal(await fetch(`${url}${task.url}`, { headers: bob }))).toBe("404 TASK_NOT_FOUND");
  const cancel = await post(`${url}${task.url}/cancel`, {}, bob);
  expect(await refusal(cancel)).toBe("404 TASK_NOT_FOUND");
  expect((await get(`${url}/x`, bob)).data).toEqual([]);
  expect((await get(`${url}/x`, alice)).data).toHaveLength(1);
  const other = await submit(`${url}/x`, 2, { ...bob, ...key });
  expect(other.task_id).not.toBe(task.task_id);
});

test("the same request with an Idempotency-Key is one task, also when it comes 20 times at once", async () => {
  let calls = 0;
  const { url } = await serve(quietApp().task("/x", {}, () => ++calls));
  const headers = { "idempotency-key": "key" };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => post(`${url}/x`, { a: 1, b: 2 }, headers)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 202]);
  const replayed = answers.filter((answer) => answer.headers.get("idempotent-replayed") === "true");
  expect(replayed.map(({ status }) => status)).toEqual(Array(19).fill(200));
  const tasks = await Promise.all(answers.map((answer) => answer.json() as Promise<{ url: string }>));
  expect(new Set(tasks.map(({ url }) => url)).size).toBe(1);
  expect(await get(`${url}${tasks[0]?.url}?wait=true`)).toMatchObject({ status: "finished", result: 1 });
  expect((await post(`${url}/x`, { b: 2, a: 1 }, headers)).status).toBe(200);
  expect(await refusal(await post(`${url}/x`, { a: 2 }, headers))).toBe("409 IDEMPOTENCY_MISMATCH");
  const empty = { "idempotency-key": "x".repeat(256) };
  expect(await refusal(await post(`${url}/x`, {}, empty))).toBe("400 INVALID_PARAMETER");
  const nothing = { method: "POST", headers: { "idempotency-key": "nothing" } };
  expect([(await fetch(`${url}/x`, nothing)).status, (await fetch(`${url}/x`, nothing)).status]).toEqual([
    202, 200,
  ]);
  expect(calls).toBeLessThanOrEqual(2);
});

test("past the bound of waiting tasks the answer is 429 with Retry-After", async () => {
  const app = quietApp({ taskQueue: new InMemoryTaskQueue({ maxWaitingTasks: 1 }) }).task("/x", {}, hang);
  const { url } = await serve(app);
  await submit(`${url}/x?delay=60000`);
  const full = await post(`${url}/x`, null);
  expect(full.headers.get("retry-after")).toBe("5");
  expect(await refusal(full)).toBe("429 QUEUE_FULL");
});

test("the queue lives as long as the run store, and readiness tells of it", async () => {
  const events: string[] = [];
  class Watched extends InMemoryTaskQueue {
    override async start(): Promise<void> {
      events.push("start");
      await super.start();
    }
    override async stop(): Promise<void> {
      events.push("stop");
      await super.stop();
    }
  }
  const app = quietApp({ taskQueue: new Watched() })
    .init(() => void events.push("init"))
    .shutdown(() => void events.push("shutdown"))
    .task("/x", {}, () => "done");
  for (const _ of [1, 2]) {
    const { url, close } = await serve(app);
    expect(await get(`${url}/readiness`)).toEqual({
      status: "ready",
      services: { run_store: true, task_queue: true },
    });
    expect(await get(`${url}${(await submit(`${url}/x`)).url}?wait=true`)).toMatchObject({ result: "done" });
    await close();
    expect(events.splice(0)).toEqual(["start", "init", "shutdown", "stop"]);
  }
  const failing = quietApp({ taskQueue: new Watched() }).init(() => Promise.reject(new Error("no")));
  await expect(failing.task("/x", {}, () => 1).run({ port: 0 })).rejects.toMatchObject({
    code: "CONFIGURATION_ERROR",
  });
  expect(events).toEqual(["start", "stop"]);
});

test("at a shutdown tasks may end within the grace, and new ones are refused", async () => {
  const began = new Gate();
  const goOn = new Gate();
  const queue = new Kept();
  const app = quietApp({ drainGrace: 10_000, taskQueue: queue })
    .init(() => ({ open: true }))
    .shutdown((resources) => Object.assign(resources, { open: false }))
    .task("/x", {}, async ({ resources, signal }) => {
      began.open();
      await goOn.passed;
      return [resources.open, signal.aborted];
    });
  const server = await serverOf(app);
  const submission = await server.inject({ method: "POST", url: "/x", payload: {} });
  await began.passed;
  const closing = server.close();
  const refused = await server.inject({ method: "POST", url: "/x", payload: {} });
  expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([503, "5"]);
  // Long enough for an abort that must not come.
  await sleep(30);
  goOn.open();
  await closing;
  const [task] = await queue.tasks("/x");
  expect(task).toMatchObject({ id: submission.json().task_id, status: "completed" });
  expect(await queue.get(task as NonNullable<typeof task>)).toMatchObject({ result: [true, false] });
});

test("a task that outlasts the grace is aborted and handed back, for the next server to do", async () => {
  const began = new Gate();
  const queue = new Kept();
  const first = quietApp({ taskQueue: queue }).task("/x", {}, async ({ signal }) => {
    began.open();
    await aborted(signal);
    throw signal.reason;
  });
  const server = await serve(first);
  const task = await submit(`${server.url}/x`);
  await began.passed;
  await server.close();
  expect(await queue.tasks("/x")).toMatchObject([{ status: "waiting", attempt: 0 }]);
  const second = quietApp({ taskQueue: queue }).task("/x", {}, ({ attempt }) => `done at attempt ${attempt}`);
  const { url } = await serve(second);
  expect(await get(`${url}${task.url}?wait=true`)).toMatchObject({
    status: "finished",
    result: "done at attempt 1",
  });
});

test("a listener that opens while another closes has tasks worked on", async () => {
  const began = new Gate();
  const goOn = new Gate();
  const app = quietApp({ drainGrace: 10_000 }).task("/x", {}, async ({ body }) => {
    if (body === null) return "done";
    began.open();
    await goOn.passed;
    return "held";
  });
  const first = await app.listen({ port: 0 });
  const held = await submit(`${first.url}/x`, "hold");
  await began.passed;
  const closing = first.close();
  const { url, close } = await serve(app);
  expect(await get(`${url}${(await submit(`${url}/x`)).url}?wait=true`)).toMatchObject({ result: "done" });
  expect(await get(`${url}${held.url}`)).toMatchObject({ status: "running" });
  goOn.open();
  await closing;
  expect(await get(`${url}${held.url}`)).toMatchObject({ status: "finished" });
  await close();
});

test("a body that fits its schema no more fails its task for good", async () => {
  const queue = new Kept();
  const old = await serve(quietApp({ taskQueue: queue }).task("/x", {}, hang));
  const task = await submit(`${old.url}/x?delay=100`, { n: "one" });
  await old.close();
  const body = z.object({ n: z.int() });
  const { url } = await serve(quietApp({ taskQueue: queue }).task("/x", { body, attempts: 3 }, () => "done"));
  const ended = await get(`${url}${task.url}?wait=true`);
  expect(ended).toMatchObject({ status: "error", attempt: 1, error: { code: "INVALID_PARAMETER" } });
});

test("hosted apps have tasks of their own, in the host's queue", async () => {
  const hosted = quietApp({ name: "inner" })
    .init(() => "inner")
    .task("/x", {}, ({ resources }) => resources);
  const app = quietApp()
    .init(() => "outer")
    .task("/x", {}, ({ resources }) => resources)
    .host("other", hosted);
  const { url } = await serve(app);
  const outer = await submit(`${url}/x`);
  const inner = await submit(`${url}/agents/other/x`);
  expect(inner.url).toBe(`/agents/other/x/${inner.task_id}`);
  expect(await get(`${url}${outer.url}?wait=true`)).toMatchObject({ result: "outer" });
  expect(await get(`${url}${inner.url}?wait=true`)).toMatchObject({ result: "inner" });
  expect(await refusal(await fetch(`${url}/x/${inner.task_id}`))).toBe("404 TASK_NOT_FOUND");
  expect(await get(`${url}/agents/other/readiness`)).toMatchObject({ services: { task_queue: true } });
});

test("a client that waits is let go when the server closes", async () => {
  const { url, close } = await serve(quietApp().task("/x", {}, hang));
  const task = await submit(`${url}/x?delay=60000`);
  const waiting = fetch(`${url}${task.url}?wait=true`);
  await fetch(`${url}/health`);
  await close();
  expect(await refusal(await waiting)).toBe("503 SERVICE_UNAVAILABLE");
});

test("the document describes the routes of a task", async () => {
  const app = quietApp().task("/x", { summary: "Do something", body: z.object({ n: z.int() }) }, () => 1);
  const { paths } = (await (await serverOf(app)).inject("/openapi.json")).json();
  expect(Object.keys(paths["/x"])).toEqual(["post", "get"]);
  expect(Object.keys(paths["/x/{id}"])).toEqual(["get"]);
  expect(Object.keys(paths["/x/{id}/cancel"])).toEqual(["post"]);
  const { summary, requestBody, responses } = paths["/x"].post;
  expect(summary).toBe("Do something");
  expect(requestBody.content["application/json"].schema).toMatchObject({ required: ["n"] });
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(["200", "202", "409", "429", "default"]));
  const view = paths["/x/{id}"].get.responses["200"].content["application/json"].schema;
  expect(view.properties.status.enum).toEqual(["pending", "running", "finished", "error", "canceled"]);
});

test.each(["x", "/", "", "/x/", "/:x", "/x/*", "/a b"])("%j can't be the path of a task", (path) => {
  expect(() => quietApp().task(path, {}, () => 1)).toThrow(`${JSON.stringify(path)} can't be the path`);
});

test("a task that is put together wrongly is an error where it is", () => {
  const make = (options: object) => () => quietApp().task("/x", options, () => 1);
  for (const options of [
    { attempts: 0 },
    { timeout: -1 },
    { concurrency: 0.5 },
    { backoff: { delay: -1 } },
  ]) {
    expect(make(options)).toThrow(expect.objectContaining({ code: "CONFIGURATION_ERROR" }));
  }
  expect(() =>
    quietApp()
      .task("/x", {}, () => 1)
      .init(() => 1),
  ).toThrow("init comes first");
});

test("an app with an agent and no tasks starts no queue", async () => {
  const { url } = await serve(
    new AgentApp({ name: "a", log: { level: "silent" } }).query(text(), () => "ok"),
  );
  expect(await get(`${url}/readiness`)).toEqual({ status: "ready", services: { run_store: true } });
});

/** A queue that outlives its server, as durable ones do. */
class Kept extends InMemoryTaskQueue {
  override async stop(): Promise<void> {}

  async tasks(path: string) {
    return (await this.list({ name: JSON.stringify(["Friday", path]) })).items;
  }
}
