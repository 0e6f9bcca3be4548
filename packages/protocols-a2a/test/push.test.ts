import { hostname } from "node:os";
import { type Task, TaskPushNotificationConfig } from "@a2a-js/sdk";
import {
  type AgentPart,
  InMemoryRunStore,
  InMemoryStateService,
  InMemoryTaskQueue,
} from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { say } from "./support/messages.ts";
import { outliving } from "./support/outliving.ts";
import { ended, receiver } from "./support/receiver.ts";
import { a2aApp, clientOf, parts, serve } from "./support/serve.ts";

const script: AgentPart[] = [
  { kind: "text-delta", messageId: "M1", text: "Hello" },
  { kind: "text-delta", messageId: "M1", text: ", world" },
];
const push = { allowPrivate: true, backoff: { delay: 5 } };

it("tells who wants it of what becomes of a task, in order", async () => {
  const { url, until } = await receiver();
  const app = a2aApp({}, { push }).query(parts(), () => script);
  const client = await clientOf(await serve(app));
  const taskPushNotificationConfig = {
    id: "c1",
    url,
    token: "secret",
    authentication: { scheme: "Bearer", credentials: "key" },
  };
  const task = (await client.sendMessage(
    say("Hi", { configuration: { taskPushNotificationConfig } }),
  )) as Task;
  const got = await until(ended);
  expect(got.map(({ body }) => Object.keys(body))).toEqual([
    ["task"],
    ["statusUpdate"],
    ["artifactUpdate"],
    ["statusUpdate"],
  ]);
  expect(got[2]?.body).toEqual({
    artifactUpdate: {
      taskId: task.id,
      contextId: task.contextId,
      artifact: { artifactId: "msg_M1", parts: [{ text: "Hello, world" }] },
      lastChunk: true,
    },
  });
  expect(got[0]?.headers).toMatchObject({
    "content-type": "application/a2a+json",
    authorization: "Bearer key",
    "x-a2a-notification-token": "secret",
  });
});

it("tries again what was not taken, and gives up what is refused", async () => {
  const { url, until } = await receiver([503, 429, 500, 200, 404]);
  const client = await clientOf(await serve(a2aApp({}, { push }).query(parts(), () => script)));
  await client.sendMessage(say("Hi", { configuration: { taskPushNotificationConfig: { url } } }));
  const got = await until(ended);
  expect(got.map(({ body }) => Object.keys(body)[0])).toEqual([
    "task",
    "task",
    "task",
    "task",
    "statusUpdate",
    "artifactUpdate",
    "statusUpdate",
  ]);
});

it("keeps who is to be told, for every turn of a task, until that is deleted", async () => {
  const { url, until, got } = await receiver();
  const state = new InMemoryStateService();
  const app = a2aApp({}, { push }).init(() => state.start());
  const asking = app
    .services(() => ({ state }))
    .query(parts(), function* () {
      yield { kind: "text-delta", messageId: "M1", text: "Where to?" } as const;
      yield { kind: "finish", reason: "input_required" } as const;
    });
  const client = await clientOf(await serve(asking));
  const { id: taskId } = (await client.sendMessage(say("Go"))) as Task;
  const set = (config: object) =>
    client.createTaskPushNotificationConfig(TaskPushNotificationConfig.fromJSON({ taskId, url, ...config }));
  const config = await set({ id: "c1", token: "t" });
  expect(config).toMatchObject({ id: "c1", taskId, url, token: "t" });
  const other = await set({});
  expect(other.id).not.toBe("");
  const { configs } = await client.listTaskPushNotificationConfig({
    tenant: "",
    taskId,
    pageSize: 0,
    pageToken: "",
  });
  expect(configs).toEqual([config, other]);
  await client.deleteTaskPushNotificationConfig({ tenant: "", taskId, id: other.id });
  expect(await client.getTaskPushNotificationConfig({ tenant: "", taskId, id: "c1" })).toEqual(config);
  await expect(
    client.getTaskPushNotificationConfig({ tenant: "", taskId, id: other.id }),
  ).rejects.toMatchObject({ name: "TaskNotFoundError" });
  expect(got).toEqual([]);

  await client.sendMessage(say("Rome", { taskId }));
  const told = await until(ended);
  expect(told[0]?.body).toMatchObject({
    task: { id: taskId, history: [{}, {}, { parts: [{ text: "Rome" }] }] },
  });
  expect(told).toHaveLength(4);
  await client.deleteTaskPushNotificationConfig({ tenant: "", taskId, id: "c1" });
  await client.sendMessage(say("Paris", { taskId }));
  expect(told).toHaveLength(4);
});

it("is gone on with by another process where queue and configurations are shared", async () => {
  let isUp = false;
  const { url, until, got } = await receiver(() => (isUp ? 200 : 503));
  const state = new InMemoryStateService();
  await state.start();
  const runStore = outliving(new InMemoryRunStore());
  const queue = outliving(new InMemoryTaskQueue());
  const app = () =>
    a2aApp({ runStore }, { push: { ...push, queue, state, attempts: 1000 } }).query(parts(), () => script);
  const first = await app().run({ port: 0 });
  const client = await clientOf(first.url);
  await client.sendMessage(say("Hi", { configuration: { taskPushNotificationConfig: { url } } }));
  await until((all) => all.length > 0);
  await first.close();
  isUp = true;
  const before = got.length;
  await serve(app());
  const told = (await until(ended)).slice(before);
  expect(told.map(({ body }) => Object.keys(body)[0])).toEqual([
    "task",
    "statusUpdate",
    "artifactUpdate",
    "statusUpdate",
  ]);
});

it("speaks 0.3 to who has asked in 0.3", async () => {
  const { url, until } = await receiver();
  const endpoint = `${await serve(a2aApp({}, { push }).query(parts(), () => script))}/a2a`;
  await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "message/send",
      params: {
        message: { kind: "message", messageId: "m1", role: "user", parts: [{ kind: "text", text: "Hi" }] },
        configuration: { pushNotificationConfig: { url } },
      },
    }),
  });
  const got = await until((all) => all.length === 4);
  expect(got.map(({ body }) => (body as unknown as { kind: string }).kind)).toEqual([
    "task",
    "status-update",
    "artifact-update",
    "status-update",
  ]);
});

it.each([
  "ftp://example.com/",
  "not a URL",
  "http://localhost/",
  "http://a.localhost./",
  "http://127.0.0.1/",
  "http://0x7f.1/",
  "http://[::1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://169.254.169.254/latest",
  "http://10.1.2.3/",
])("sends nothing to %s", async (url) => {
  const client = await clientOf(await serve(a2aApp().query(parts(), () => script)));
  const configuration = { taskPushNotificationConfig: { url } };
  await expect(client.sendMessage(say("Hi", { configuration }))).rejects.toMatchObject({
    name: "RequestMalformedError",
  });
  const page = await client.listTasks({
    tenant: "",
    contextId: "",
    status: 0,
    pageToken: "",
    statusTimestampAfter: undefined,
  });
  expect(page.tasks).toEqual([]);
});

it("knows private addresses, however they are written", async () => {
  const client = await clientOf(await serve(a2aApp().query(parts(), () => script)));
  const { id: taskId } = (await client.sendMessage(say("Hi"))) as Task;
  const set = (host: string) =>
    client.createTaskPushNotificationConfig(
      TaskPushNotificationConfig.fromJSON({ taskId, url: `http://${host}/` }),
    );
  const v4 = [
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "0",
    "2130706433",
    "255.255.255.255",
    "224.0.0.1",
  ];
  const v6 = [
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "2002:7f00:1::",
  ];
  for (const host of [...v4, ...v6.map((address) => `[${address}]`)]) {
    await expect(set(host), host).rejects.toMatchObject({ name: "RequestMalformedError" });
  }
  for (const host of ["8.8.8.8", "[2606:4700::1111]", "example.com"]) {
    await expect(set(host)).resolves.toMatchObject({ taskId });
  }
});

it("connects to no private address that a name turns out to have", async () => {
  const { url, got } = await receiver();
  const lines: string[] = [];
  const given = Promise.withResolvers<void>();
  const write = (line: string) => {
    lines.push(line);
    if (line.includes("given up")) given.resolve();
  };
  const app = a2aApp({ log: { write, level: "warn" } }, { push: { attempts: 1 } }).query(
    parts(),
    () => script,
  );
  const client = await clientOf(await serve(app));
  // This machine's own name, which it knows without asking anybody.
  const named = url.replace("127.0.0.1", hostname());
  await client.sendMessage(say("Hi", { configuration: { taskPushNotificationConfig: { url: named } } }));
  await given.promise;
  expect(lines.join("")).toMatch(/has a private address|ENOTFOUND|EAI_AGAIN/);
  expect(got).toEqual([]);
});

it.each([{ token: "a\r\nx: y" }, { authentication: { scheme: "Bearer", credentials: "\u{1f98a}" } }])(
  "takes nothing that can be no header: %j",
  async (config) => {
    const client = await clientOf(await serve(a2aApp().query(parts(), () => script)));
    const configuration = { taskPushNotificationConfig: { url: "https://example.com/", ...config } };
    await expect(client.sendMessage(say("Hi", { configuration }))).rejects.toMatchObject({
      name: "RequestMalformedError",
    });
  },
);
