import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StreamResponse, type Task, TaskPushNotificationConfig, TaskState } from "@a2a-js/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { collect, say, textOf } from "./support/messages.ts";
import { replica } from "./support/replica.ts";
import { bindings, clientOf, serve } from "./support/serve.ts";

const all = { tenant: "", contextId: "", status: 0, pageToken: "", statusTimestampAfter: undefined };
const later = { configuration: { returnImmediately: true } };

async function newFile(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "a2a-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return join(dir, "runs.db");
}

/** A handler's wait that ends when the test says so, or when its run is canceled. */
function holder() {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const held = (signal: AbortSignal) => {
    reached.resolve();
    signal.addEventListener("abort", () => aborted.resolve());
    return Promise.race([released.promise, aborted.promise]);
  };
  return { held, reached: reached.promise, release: released.resolve, aborted: aborted.promise };
}

describe.each(bindings)("over %s", (binding) => {
  it("tasks are the same after a restart, and what they ask for can be answered then", async () => {
    const path = await newFile();
    const first = await replica({ path }).run({ port: 0 });
    const before = await clientOf(first.url, { binding });
    const done = (await before.sendMessage(say("Hi"))) as Task;
    const asked = (await before.sendMessage(say("Go"))) as Task;
    const dropped = (await before.sendMessage(say("Go"))) as Task;
    await first.close();

    const client = await clientOf(await serve(replica({ path })), { binding });
    expect(await client.getTask({ tenant: "", id: done.id })).toEqual(done);
    expect(await client.getTask({ tenant: "", id: asked.id })).toEqual(asked);
    expect((await client.listTasks(all)).tasks.map(({ id }) => id)).toEqual([dropped.id, asked.id, done.id]);
    const answered = (await client.sendMessage(say("Rome", { taskId: asked.id }))) as Task;
    expect(answered.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(answered.history.map(textOf)).toEqual(["Go", "Where to?", "Rome"]);
    expect(textOf(answered)).toBe("Where to?Off to Rome");
    const canceled = await client.cancelTask({ tenant: "", id: dropped.id, metadata: {} });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
  });

  it("a task at work is seen and followed from another replica", async () => {
    const path = await newFile();
    const { held, reached, release } = holder();
    const here = await clientOf(await serve(replica({ path, held })), { binding });
    const there = await clientOf(await serve(replica({ path })), { binding });
    const { id } = (await here.sendMessage(say("Hi", later))) as Task;
    await reached;
    const seen = await there.getTask({ tenant: "", id });
    expect(seen.status?.state).toBe(TaskState.TASK_STATE_WORKING);
    expect((await there.listTasks(all)).tasks.map((task) => task.id)).toEqual([id]);

    const events = there.resubscribeTask({ tenant: "", id });
    const { value: snapshot } = await events.next();
    expect(snapshot).toMatchObject({ payload: { $case: "task", value: { id } } });
    expect(textOf((snapshot as StreamResponse).payload?.value as Task)).toBe("Hello");
    release();
    const rest = await collect(events);
    expect(rest.map(({ payload }) => payload?.$case)).toContain("artifactUpdate");
    expect(stateOf(rest.at(-1))).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(textOf(await there.getTask({ tenant: "", id }))).toBe("Hello, world");
  });

  it("a task that another replica runs is canceled", async () => {
    const path = await newFile();
    const { held, reached, aborted } = holder();
    const here = await clientOf(await serve(replica({ path, held })), { binding });
    const there = await clientOf(await serve(replica({ path })), { binding });
    const events = collect(here.sendMessageStream(say("Hi")));
    await reached;
    const [task] = (await there.listTasks(all)).tasks;
    const canceled = await there.cancelTask({ tenant: "", id: task?.id ?? "", metadata: {} });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    await aborted;
    expect(stateOf((await events).at(-1))).toBe(TaskState.TASK_STATE_CANCELED);
    expect(await here.getTask({ tenant: "", id: canceled.id })).toEqual(canceled);
  });
});

it("a task that was at work when its server closed goes on at the next start, for who subscribes", async () => {
  const path = await newFile();
  const { held, reached } = holder();
  const first = await replica({ path, held, recover: "rerun" }).run({ port: 0 });
  const { id } = (await (await clientOf(first.url)).sendMessage(say("Hi", later))) as Task;
  await reached;
  await first.close();

  const next = holder();
  const client = await clientOf(await serve(replica({ path, held: next.held, recover: "rerun" })));
  await next.reached;
  const events = client.resubscribeTask({ tenant: "", id });
  await events.next();
  next.release();
  expect(stateOf((await collect(events)).at(-1))).toBe(TaskState.TASK_STATE_COMPLETED);
  expect(textOf(await client.getTask({ tenant: "", id }))).toContain("Hello, world");
});

it("a task whose process has died ends, and keeps what was told of it", async () => {
  const path = await newFile();
  const process = fork(join(import.meta.dirname, "support", "replica-process.ts"), [path], {
    execArgv: ["--conditions=@agentscope-runtime/source"],
  });
  onTestFinished(() => void process.kill("SIGKILL"));
  const [url] = (await once(process, "message")) as [string];
  const dying = (await clientOf(url)).sendMessageStream(say("Hi"));
  let id = "";
  for await (const { payload } of dying) {
    if (payload?.$case === "task") id = payload.value.id;
    if (payload?.$case === "artifactUpdate") break;
  }
  const client = await clientOf(await serve(replica({ path })));
  const events = client.resubscribeTask({ tenant: "", id });
  const { value: snapshot } = await events.next();
  expect(textOf((snapshot as StreamResponse).payload?.value as Task)).toBe("Hello");
  const exited = once(process, "exit");
  process.kill("SIGKILL");
  await exited;
  expect(stateOf((await collect(events)).at(-1))).toBe(TaskState.TASK_STATE_FAILED);
  expect(textOf(await client.getTask({ tenant: "", id }))).toBe("Hello");
});

it("who is to be told of a task is known to every replica, and after a restart", async () => {
  const told: string[] = [];
  const ended = Promise.withResolvers<void>();
  const receiver = createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => {
      text += piece;
    });
    request.on("end", () => {
      told.push(...Object.keys(JSON.parse(text)));
      response.end();
      if (text.includes("TASK_STATE_COMPLETED")) ended.resolve();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void receiver.close());
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;

  const path = await newFile();
  const first = await replica({ path }).run({ port: 0 });
  const client = await clientOf(first.url);
  const { id: taskId } = (await client.sendMessage(say("Go"))) as Task;
  const config = await client.createTaskPushNotificationConfig(
    TaskPushNotificationConfig.fromJSON({ taskId, url, id: "c1", token: "t" }),
  );
  const there = await clientOf(await serve(replica({ path })));
  expect(await there.getTaskPushNotificationConfig({ tenant: "", taskId, id: "c1" })).toEqual(config);
  await first.close();
  const restarted = await clientOf(await serve(replica({ path })));
  const query = { tenant: "", taskId, pageSize: 0, pageToken: "" };
  expect((await restarted.listTaskPushNotificationConfig(query)).configs).toEqual([config]);
  await restarted.sendMessage(say("Rome", { taskId }));
  await ended.promise;
  expect(told).toEqual(["task", "statusUpdate", "artifactUpdate", "statusUpdate"]);
  await there.deleteTaskPushNotificationConfig({ tenant: "", taskId, id: "c1" });
  expect((await restarted.listTaskPushNotificationConfig(query)).configs).toEqual([]);
});

function stateOf(event: StreamResponse | undefined): TaskState | undefined {
  return event?.payload?.$case === "statusUpdate" ? event.payload.value.status?.state : undefined;
}
