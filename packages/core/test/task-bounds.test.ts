import { InMemoryTaskQueue, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { aborted } from "./support/gate.ts";
import { LastingRunStore } from "./support/left-behind.ts";
import { post, refusal } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";
import { SharedDispatcher } from "./support/shared-dispatcher.ts";
import { submit } from "./support/tasks.ts";

test("a client has a task wait for as long as the app allows", async () => {
  const app = quietApp()
    .task("/x", {}, () => "done")
    .task("/y", { maxDelay: 50 }, () => "done");
  const { url } = await serve(app);
  expect((await post(`${url}/x?delay=3600000`, null)).status).toBe(202);
  expect(await refusal(await post(`${url}/x?delay=3600001`, null))).toBe("400 INVALID_PARAMETER");
  expect((await post(`${url}/y?delay=50`, null)).status).toBe(202);
  expect(await refusal(await post(`${url}/y?delay=51`, null))).toBe("400 INVALID_PARAMETER");
  expect(() => quietApp().task("/x", { maxDelay: -1 }, () => 1)).toThrow(/delay is a whole number/);
});

test("the same Idempotency-Key with another delay is another request", async () => {
  const { url } = await serve(quietApp().task("/x", {}, () => "done"));
  const headers = { "idempotency-key": "key" };
  await submit(`${url}/x?delay=60000`, 1, headers);
  expect((await post(`${url}/x?delay=60000`, 1, headers)).status).toBe(200);
  for (const query of ["", "?delay=0", "?delay=60001"]) {
    expect(await refusal(await post(`${url}/x${query}`, 1, headers))).toBe("409 IDEMPOTENCY_MISMATCH");
  }
  const other = { "idempotency-key": "other" };
  await submit(`${url}/x`, 1, other);
  expect((await post(`${url}/x?delay=0`, 1, other)).status).toBe(200);
});

test("one user can't take all the room for tasks", async () => {
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => ({
    userId: String(headers.authorization),
  });
  const taskQueue = new InMemoryTaskQueue({ maxWaitingTasks: 8 });
  const { url } = await serve(quietApp({ authenticate, taskQueue }).task("/x", {}, () => "done"));
  const add = (user: string) => post(`${url}/x?delay=60000`, null, { authorization: user });
  expect([(await add("a")).status, (await add("a")).status, (await add("a")).status]).toEqual([
    202, 202, 429,
  ]);
  expect((await add("b")).status).toBe(202);
});

test("a path can be that of one route only, which is told at once", () => {
  const ok = () => "ok";
  const clash = expect.objectContaining({ code: "CONFIGURATION_ERROR" });
  const withQuery = () => quietApp().query(text(), ok);
  const clashes = [
    () => quietApp().task("/x", {}, ok).task("/x", {}, ok),
    () => quietApp().endpoint("/x", {}, ok).task("/x", {}, ok),
    () => quietApp().task("/x", {}, ok).endpoint("/x/:name", { method: "GET" }, ok),
    () => withQuery().task("/process", {}, ok),
    () => withQuery().task("/sessions", {}, ok),
    () => quietApp().task("/runs", {}, ok).query(text(), ok),
    () => quietApp().endpoint("/health", { method: "GET" }, ok),
  ];
  for (const make of clashes) {
    let thrown: unknown;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toEqual(clash);
  }
  quietApp().task("/process", {}, ok).endpoint("/x", { method: "GET" }, ok).task("/y", {}, ok);
});

test("every route that an agent has is known to be taken", async () => {
  const { url } = await serve(quietApp().query(text(), () => "ok"));
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const name of Object.keys(operations)) {
      const method = name.toUpperCase() as "GET";
      const route = path.replace(/\{(\w+)\}/g, ":$1");
      const again = () =>
        quietApp()
          .query(text(), () => "ok")
          .endpoint(route, { method }, () => "ok");
      expect(again, `${method} ${route}`).toThrow(/twice/);
    }
  }
});

test("a dispatcher wants a run store, and where there are tasks a task queue, that the processes share", async () => {
  const dispatcher = new SharedDispatcher();
  const runStore = new LastingRunStore();
  const agent = (options: object) =>
    quietApp(options).query(text(), ({ signal }) => aborted(signal).then(String));
  for (const start of ["listen", "work"] as const) {
    await expect(agent({ dispatcher })[start]({ port: 0 })).rejects.toMatchObject({
      code: "CONFIGURATION_ERROR",
      message: expect.stringContaining("runStore"),
    });
    const withTasks = agent({ dispatcher, runStore }).task("/x", {}, () => 1);
    const hosting = agent({ dispatcher, runStore }).host(
      "other",
      quietApp({ name: "other" }).task("/x", {}, () => 1),
    );
    for (const app of [withTasks, hosting]) {
      await expect(app[start]({ port: 0 })).rejects.toMatchObject({
        code: "CONFIGURATION_ERROR",
        message: expect.stringContaining("taskQueue"),
      });
    }
  }
});
