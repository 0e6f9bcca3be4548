import { InMemoryRunStore, RuntimeError, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { aborted, Gate } from "./support/gate.ts";
import { post, refusal } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";
import { get, submit } from "./support/tasks.ts";

/** Waits for the end of the run that a task is. */
async function ended(url: string, id: unknown): Promise<void> {
  await (await fetch(`${url}/runs/${encodeURIComponent(String(id))}/events`)).text();
}

test("a run can be a task: submitted, looked at, and finished with its response", async () => {
  const began = new Gate();
  const goOn = new Gate();
  const app = quietApp().query(text(), async function* () {
    began.open();
    await goOn.passed;
    yield "Hello!";
  });
  const { url } = await serve(app);
  const answer = await post(`${url}/process/task`, ask("Hi"));
  const submitted = (await answer.json()) as Record<string, string>;
  expect([answer.status, submitted.status]).toEqual([202, "submitted"]);
  expect(submitted.url).toBe(`/process/task/${submitted.task_id}`);
  expect(answer.headers.get("location")).toBe(submitted.url);
  await began.passed;
  const task = `${url}${submitted.url}`;
  expect(await get(task)).toMatchObject({
    object: "task",
    task_id: submitted.task_id,
    status: "running",
    result: null,
    started_at: expect.any(Number),
    completed_at: null,
  });
  goOn.open();
  await ended(url, submitted.task_id);
  const { response, ...run } = await get(`${url}/runs/${submitted.task_id}`);
  expect(await get(task)).toEqual({
    object: "task",
    task_id: submitted.task_id,
    status: "finished",
    result: response,
    error: null,
    created_at: run.created_at,
    started_at: run.started_at,
    completed_at: run.completed_at,
    cancel_reason: null,
  });
  expect(response).toMatchObject({ id: submitted.task_id, status: "completed" });
});

test("it goes on without anybody there, whatever is said about disconnects", async () => {
  const app = quietApp({ streams: { disconnectGrace: 1 } }).query(text(), async function* ({ signal }) {
    const wait = new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.race([wait, aborted(signal)]);
    yield signal.aborted ? "aborted" : "done";
  });
  const { url } = await serve(app);
  const task = await submit(`${url}/process/task`, ask("Hi", { on_disconnect: "cancel" }));
  await ended(url, task.task_id);
  expect(await get(`${url}${task.url}`)).toMatchObject({ status: "finished" });
});

test("a run that fails is a task with an error, and its response is there", async () => {
  const app = quietApp().query(text(), async function* () {
    yield "Well";
    throw new RuntimeError("MODEL_NOT_FOUND", "No such model.");
  });
  const { url } = await serve(app);
  const task = await submit(`${url}/process/task`, ask("Hi"));
  await ended(url, task.task_id);
  expect(await get(`${url}${task.url}`)).toMatchObject({
    status: "error",
    error: { code: "MODEL_NOT_FOUND", message: "No such model." },
    result: { status: "failed", output: [{ content: [{ text: "Well" }] }] },
  });
});

test("it is canceled as the run that it is, and one that waits for its session is pending", async () => {
  const began = new Gate();
  const app = quietApp().query(text(), async ({ signal }) => {
    began.open();
    await aborted(signal);
    return "done";
  });
  const { url } = await serve(app);
  const body = ask("Hi", { session_id: "session" });
  const first = await submit(`${url}/process/task`, body);
  await began.passed;
  const second = await submit(`${url}/process/task`, body);
  expect(await get(`${url}${second.url}`)).toMatchObject({ status: "pending", started_at: null });
  for (const { task_id } of [second, first]) {
    await post(`${url}/runs/${task_id}/cancel?wait=true`, { reason: "Changed my mind." });
  }
  expect(await get(`${url}${first.url}`)).toMatchObject({
    status: "canceled",
    error: null,
    cancel_reason: "Changed my mind.",
    result: { status: "canceled" },
  });
  expect(await get(`${url}${second.url}`)).toMatchObject({ status: "canceled", started_at: null });
});

test("an id that the caller chose is the task's, whatever characters it holds", async () => {
  const { url } = await serve(quietApp().query(text(), () => "ok"));
  for (const id of ["mine", "a/b", "ü ?#%", "🦊"]) {
    const task = await submit(`${url}/process/task`, ask("Hi", { id }));
    expect(task.task_id).toBe(id);
    await ended(url, id);
    expect(await get(`${url}${task.url}`)).toMatchObject({ task_id: id, status: "finished" });
  }
  const used = await post(`${url}/process/task`, ask("Hi", { id: "mine" }));
  expect(await refusal(used)).toBe("409 RUN_ID_CONFLICT");
});

test("the same request with an Idempotency-Key is one run", async () => {
  const { url } = await serve(quietApp().query(text(), () => "ok"));
  const headers = { "idempotency-key": "key" };
  const task = await submit(`${url}/process/task`, ask("Hi"), headers);
  const again = await post(`${url}/process/task`, ask("Hi"), headers);
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  expect(await again.json()).toEqual(task);
  const other = await post(`${url}/process/task`, ask("Bye"), headers);
  expect(await refusal(other)).toBe("409 IDEMPOTENCY_MISMATCH");
});

test("what is wrong, unknown, somebody else's or no longer kept is refused with its status", async () => {
  const app = quietApp({
    authenticate: ({ headers }) => ({ userId: String(headers.authorization ?? "alice") }),
    runStore: new InMemoryRunStore({ maxFinishedRuns: 0 }),
  }).query(text(), () => "ok");
  const { url } = await serve(app);
  expect(await refusal(await post(`${url}/process/task`, { input: 7 }))).toBe("400 INVALID_PARAMETER");
  expect(await refusal(await fetch(`${url}/process/task/unknown`))).toBe("404 TASK_NOT_FOUND");
  const task = await submit(`${url}/process/task`, ask("Hi"));
  const bob = { headers: { authorization: "bob" } };
  expect(await refusal(await fetch(`${url}${task.url}`, bob))).toBe("404 TASK_NOT_FOUND");
  await ended(url, task.task_id);
  await submit(`${url}/process/task`, ask("Hi"));
  expect(await refusal(await fetch(`${url}${task.url}`))).toBe("410 RUN_EXPIRED");
});

test("a hosted agent's tasks are below its own path", async () => {
  const app = quietApp()
    .query(text(), () => "outer")
    .host(
      "other",
      quietApp({ name: "inner" }).query(text(), () => "inner"),
    );
  const { url } = await serve(app);
  const task = await submit(`${url}/agents/other/process/task`, ask("Hi"));
  expect(task.url).toBe(`/agents/other/process/task/${task.task_id}`);
  await (await fetch(`${url}/agents/other/runs/${task.task_id}/events`)).text();
  expect(await get(`${url}${task.url}`)).toMatchObject({ status: "finished" });
  expect(await refusal(await fetch(`${url}/process/task/${task.task_id}`))).toBe("404 TASK_NOT_FOUND");
});
