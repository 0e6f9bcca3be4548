import { get } from "node:http";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { type Task, TaskPushNotificationConfig, TaskState } from "@a2a-js/sdk";
import {
  type AgentPart,
  InMemoryRunStore,
  InMemorySessionHistoryService,
  InMemoryStateService,
  InMemoryTaskQueue,
  type NewTask,
} from "@agentscope-runtime/core";
import type { A2AEvent } from "@agentscope-runtime/protocols-a2a";
import { expect, it, onTestFinished } from "vitest";
import { fragileState } from "./support/fragile-state.ts";
import { say } from "./support/messages.ts";
import { outliving } from "./support/outliving.ts";
import { ended, receiver } from "./support/receiver.ts";
import { a2aApp, clientOf, parts, serve } from "./support/serve.ts";

const push = { allowPrivate: true, backoff: { delay: 5 } };

/** Asks where to, and goes there. */
function* asking({ request }: { request: { continues?: string | undefined } }): Generator<AgentPart> {
  if (request.continues !== undefined) {
    yield { kind: "text-delta", messageId: "M2", text: "Off" };
    return;
  }
  yield { kind: "text-delta", messageId: "M1", text: "Where to?" };
  yield { kind: "finish", reason: "input_required" };
}

function nameOf(event: A2AEvent): string {
  if ("artifactUpdate" in event) return "artifact";
  const { state } = "task" in event ? event.task.status : event.statusUpdate.status;
  return `${"task" in event ? "task " : ""}${state.replace("TASK_STATE_", "")}`;
}

const ASKED = ["task SUBMITTED", "WORKING", "artifact", "INPUT_REQUIRED"];
const ANSWERED = ["task SUBMITTED", "WORKING", "artifact", "COMPLETED"];

it("goes on with a task while the state service is down, and tells of it once that is back", async () => {
  const { url, until } = await receiver();
  const fragile = fragileState();
  await fragile.state.start();
  const app = a2aApp({}, { push: { ...push, state: fragile.state } }).query(parts(), asking);
  const client = await clientOf(await serve(app));
  const configuration = { taskPushNotificationConfig: { url } };
  const { id: taskId } = (await client.sendMessage(say("Go", { configuration }))) as Task;
  await until(ended);
  fragile.before = () => Promise.reject(new Error("It is down."));
  const refused = say("Go", { configuration });
  await expect(client.sendMessage(refused)).rejects.toThrow("try again later");
  const done = (await client.sendMessage(say("Rome", { taskId }))) as Task;
  expect(done.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
  fragile.before = async () => undefined;
  const got = await until((all) => all.some(({ body }) => nameOf(body) === "COMPLETED"));
  expect(got.map(({ body }) => nameOf(body)).slice(-ANSWERED.length)).toEqual(ANSWERED);
});

it("goes on behind what was taken where the state service has failed in the middle", async () => {
  const { url, until, got } = await receiver();
  const fragile = fragileState();
  await fragile.state.start();
  const held = Promise.withResolvers<void>();
  const app = a2aApp({}, { push: { ...push, state: fragile.state } }).query(parts(), async function* () {
    yield { kind: "text-delta", messageId: "M1", text: "Hello" } as const;
    await held.promise;
  });
  const client = await clientOf(await serve(app));
  const configuration = { returnImmediately: true, taskPushNotificationConfig: { url } };
  await client.sendMessage(say("Go", { configuration }));
  await until((all) => all.length === 2);
  let failures = 0;
  fragile.before = async (method) => {
    if (method === "exportState" && failures++ === 0) throw new Error("It blinked.");
  };
  held.resolve();
  await until(ended);
  expect(failures).toBeGreaterThan(1);
  expect(got.map(({ body }) => nameOf(body))).toEqual(ANSWERED);
});

it("tells of the turns of a task one after the other, however long the receiver takes for the first", async () => {
  let refusals = 0;
  const answered = Promise.withResolvers<void>();
  const { url, until } = await receiver((body) =>
    nameOf(body) === "INPUT_REQUIRED" && refusals++ < 3 ? answered.promise.then(() => 503) : 200,
  );
  const client = await clientOf(await serve(a2aApp({}, { push }).query(parts(), asking)));
  const configuration = { taskPushNotificationConfig: { url } };
  const { id: taskId } = (await client.sendMessage(say("Go", { configuration }))) as Task;
  await client.sendMessage(say("Rome", { taskId }));
  answered.resolve();
  const got = await until((all) => all.some(({ body }) => nameOf(body) === "COMPLETED"));
  const refused = Array<string>(3).fill("INPUT_REQUIRED");
  expect(got.map(({ body }) => nameOf(body))).toEqual([...ASKED, ...refused, ...ANSWERED]);
});

it("goes on behind what was taken in another process, where that has queue and configurations too", async () => {
  let isUp = false;
  const taken: string[] = [];
  const { url, until } = await receiver((body) => {
    if (taken.length === 2 && !isUp) return 503;
    taken.push(nameOf(body));
    return 200;
  });
  const state = new InMemoryStateService();
  await state.start();
  const runStore = outliving(new InMemoryRunStore());
  const queue = outliving(new InMemoryTaskQueue());
  const app = () =>
    a2aApp({ runStore }, { push: { ...push, queue, state, attempts: 1000 } }).query(parts(), asking);
  const first = await app().run({ port: 0 });
  const configuration = { taskPushNotificationConfig: { url } };
  await (await clientOf(first.url)).sendMessage(say("Go", { configuration }));
  await until((all) => all.length > 2);
  await first.close();
  isUp = true;
  await serve(app());
  await until(ended);
  expect(taken).toEqual(ASKED);
});

it("tells of what is answered by another protocol", async () => {
  const { url, until } = await receiver();
  const server = await serve(a2aApp({}, { push }).query(parts(), asking));
  const client = await clientOf(server);
  const configuration = { taskPushNotificationConfig: { url } };
  const { id } = (await client.sendMessage(say("Go", { configuration }))) as Task;
  await fetch(`${server}/process`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input: [], continues: id }),
  });
  const got = await until((all) => all.some(({ body }) => nameOf(body) === "COMPLETED"));
  expect(got.map(({ body }) => nameOf(body))).toEqual([...ASKED, ...ANSWERED]);
});

it("lets no user have all there is for notifications", async () => {
  // Takes connections, and never answers.
  const hole = createServer(() => undefined);
  await new Promise<void>((resolve) => hole.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void hole.close());
  const { port } = hole.address() as { port: number };
  const app = a2aApp(
    {
      runStore: new InMemoryRunStore({ maxFinishedRuns: 10_000 }),
      authenticate: ({ headers }) => ({ userId: String(headers.authorization) }),
    },
    { push },
  ).query(parts(), asking);
  const server = await serve(app);
  const send = async (user: string, more: object = {}, hook = `http://127.0.0.1:${port}/`) => {
    const answer = await fetch(`${server}/a2a/message:send`, {
      method: "POST",
      headers: { "content-type": "application/json", "a2a-version": "1.0", authorization: user },
      body: JSON.stringify({
        message: { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "Go" }], ...more },
        configuration: { taskPushNotificationConfig: { url: hook } },
      }),
    });
    return { status: answer.status, body: (await answer.json()) as { task: { id: string } } };
  };
  const bob = await send("bob");
  const statuses: number[] = [];
  for (let round = 0; round < 15; round++) {
    const all = await Promise.all(Array.from({ length: 20 }, () => send("mallory")));
    statuses.push(...all.map(({ status }) => status));
  }
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(200);
  expect(statuses.at(-1)).toBe(429);
  const { url, until } = await receiver();
  expect((await send("alice", {}, url)).status).toBe(200);
  await until(ended);
  expect((await send("bob", { taskId: bob.body.task.id })).status).toBe(200);
});

it("waits for no change that the state service leaves unanswered", async () => {
  const fragile = fragileState();
  await fragile.state.start();
  const options = { push: { ...push, state: fragile.state, timeout: 200 } };
  const client = await clientOf(await serve(a2aApp({}, options).query(parts(), asking)));
  const tasks = (await Promise.all([client.sendMessage(say("Go")), client.sendMessage(say("Go"))])) as Task[];
  const set = (task: Task | undefined) =>
    client.createTaskPushNotificationConfig(
      TaskPushNotificationConfig.fromJSON({ taskId: task?.id, url: "http://127.0.0.1:9/" }),
    );
  const reached = Promise.withResolvers<void>();
  fragile.before = () => {
    reached.resolve();
    return new Promise(() => undefined);
  };
  const hanging = expect(set(tasks[0])).rejects.toThrow("try again later");
  await reached.promise;
  fragile.before = async () => undefined;
  expect((await set(tasks[1])).taskId).toBe(tasks[1]?.id);
  await hanging;
  expect((await set(tasks[0])).taskId).toBe(tasks[0]?.id);
});

it("forgets who was to be told with the task's session, and when the task has ended", async () => {
  const { url, until } = await receiver();
  const state = new InMemoryStateService();
  const history = new InMemorySessionHistoryService();
  await Promise.all([state.start(), history.start()]);
  const later: NewTask[] = [];
  const queue = new InMemoryTaskQueue();
  const enqueue = queue.enqueue.bind(queue);
  // What is to be done in an hour is done when the test says so.
  queue.enqueue = async (task) => {
    if (task.delay === undefined) return enqueue(task);
    later.push(task);
    return enqueue({ ...task, name: "later" });
  };
  const app = a2aApp({}, { push: { ...push, queue } })
    .init(() => undefined)
    .services(() => ({ state, history }))
    .query(parts(), asking);
  const server = await serve(app);
  const client = await clientOf(server);
  const configuration = { taskPushNotificationConfig: { url } };
  const kept = async (task: Task) => {
    const agent = JSON.stringify(["a2a push", "Friday"]);
    return state.exportState({ agent, userId: task.contextId, sessionId: task.id });
  };
  const progress = async (task: Task, configs: unknown) => {
    const [{ revision }] = configs as [{ revision: string }];
    const agent = JSON.stringify(["a2a push progress", "Friday"]);
    const sessionId = JSON.stringify([task.id, revision]);
    return state.exportState({ agent, userId: task.contextId, sessionId });
  };
  const told = (await client.sendMessage(say("Go", { configuration }))) as Task;
  const first = (await kept(told))?.configs;
  await expect.poll(() => progress(told, first)).toBeDefined();
  await client.sendMessage(say("Rome", { taskId: told.id }));
  await until((all) => all.some(({ body }) => nameOf(body) === "COMPLETED"));
  await expect.poll(() => kept(told)).toBeUndefined();
  await expect.poll(() => progress(told, first)).toBeUndefined();

  const task = (await client.sendMessage(say("Go", { configuration }))) as Task;
  const second = (await kept(task))?.configs;
  await expect.poll(() => progress(task, second)).toBeDefined();
  expect((await fetch(`${server}/sessions/${task.contextId}`, { method: "DELETE" })).ok).toBe(true);
  const vigil = later.at(-1) as NewTask;
  await enqueue({ ...vigil, delay: 0 });
  await queue.settled(vigil);
  expect(await kept(task)).toBeUndefined();
  expect(await progress(task, second)).toBeUndefined();
});

it("uses no connection that was made without a look at the address", async () => {
  const { url, got } = await receiver();
  const named = url.replace("127.0.0.1", hostname());
  const warm = () =>
    new Promise<void>((resolve) => {
      get(named, (response) => response.resume().on("end", resolve)).on("error", () => resolve());
    });
  const lines: string[] = [];
  const given = Promise.withResolvers<void>();
  const write = (line: string) => {
    lines.push(line);
    if (line.includes("given up")) given.resolve();
  };
  const app = a2aApp({ log: { write, level: "warn" } }, { push: { attempts: 1 } }).query(parts(), asking);
  const client = await clientOf(await serve(app));
  // The agents of Node keep it for a while.
  await warm();
  const before = got.length;
  await client.sendMessage(say("Hi", { configuration: { taskPushNotificationConfig: { url: named } } }));
  await given.promise;
  expect(lines.join("")).toMatch(/has a private address|ENOTFOUND|EAI_AGAIN/);
  expect(got).toHaveLength(before);
});
