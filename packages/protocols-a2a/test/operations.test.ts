import { type StreamResponse, type Task, TaskPushNotificationConfig, TaskState } from "@a2a-js/sdk";
import type { AgentPart } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { collect, say, textOf } from "./support/messages.ts";
import { a2aApp, bindings, clientOf, parts, scriptedApp, serve } from "./support/serve.ts";

const hello: AgentPart[] = [
  { kind: "text-delta", messageId: "M1", text: "Hello" },
  { kind: "text-delta", messageId: "M1", text: ", world" },
  { kind: "message-end", messageId: "M1" },
];

/** An app whose runs go on until the test lets them, or they are canceled. */
function heldApp() {
  const held = Promise.withResolvers<void>();
  const app = a2aApp().query(parts(), async function* ({ signal }) {
    yield { kind: "text-delta", messageId: "M1", text: "Hello" } as const;
    signal.addEventListener("abort", () => held.resolve());
    await held.promise;
    yield { kind: "text-delta", messageId: "M1", text: ", world" } as const;
  });
  return { app, release: held.resolve };
}

/** An app that asks where to, and goes there. */
function askingApp() {
  return a2aApp().query(parts(), function* ({ msgs, request }) {
    const content = msgs.at(-1)?.content?.[0];
    if (request.continues === undefined) {
      yield { kind: "text-delta", messageId: "M1", text: "Where to?" } as const;
      yield { kind: "finish", reason: "input_required" } as const;
    } else {
      const text = `Off to ${content?.type === "text" ? content.text : "nowhere"}`;
      yield { kind: "text-delta", messageId: "M2", text } as const;
    }
  });
}

describe.each(bindings)("over %s", (binding) => {
  it("answers a message with a task that has ended", async () => {
    const client = await clientOf(await serve(scriptedApp(hello)), { binding });
    const task = (await client.sendMessage(say("Hi", { contextId: "c1" }))) as Task;
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(textOf(task)).toBe("Hello, world");
    expect(task.contextId).toBe("c1");
    expect(task.history.map(textOf)).toEqual(["Hi"]);
    await expect(client.getTask({ tenant: "", id: task.id })).resolves.toEqual(task);
  });

  it("streams the task and what becomes of it", async () => {
    const client = await clientOf(await serve(scriptedApp(hello)), { binding });
    const events = await collect(client.sendMessageStream(say("Hi")));
    expect(events.map(({ payload }) => payload?.$case)).toEqual([
      "task",
      "statusUpdate",
      "artifactUpdate",
      "artifactUpdate",
      "artifactUpdate",
      "statusUpdate",
    ]);
    expect(statesOf(events)).toEqual([
      TaskState.TASK_STATE_SUBMITTED,
      TaskState.TASK_STATE_WORKING,
      TaskState.TASK_STATE_COMPLETED,
    ]);
    expect(appended(events)).toBe("Hello, world");
  });

  it("streams a long answer whole, even to who takes its time", async () => {
    const long = Array.from({ length: 3000 }, (_, at) => `${at} ${"x".repeat(200)}\n`);
    const script = long.map((text): AgentPart => ({ kind: "text-delta", messageId: "M1", text }));
    const client = await clientOf(await serve(scriptedApp(script)), { binding });
    const stream = client.sendMessageStream(say("Hi"));
    const first = await stream.next();
    await new Promise((resolve) => setImmediate(resolve));
    const events = [first.value as StreamResponse, ...(await collect(stream))];
    expect(appended(events)).toBe(long.join(""));
  });

  it("knows a task by whatever id it has", async () => {
    const url = await serve(scriptedApp(hello));
    const id = "a/b c:cancel?x=\u{1f98a}";
    const body = JSON.stringify({ input: [], id, session_id: "s1" });
    await (
      await fetch(`${url}/process`, { method: "POST", headers: { "content-type": "application/json" }, body })
    ).text();
    const client = await clientOf(url, { binding });
    expect(textOf(await client.getTask({ tenant: "", id }))).toBe("Hello, world");
    await expect(client.cancelTask({ tenant: "", id, metadata: {} })).rejects.toMatchObject({
      name: "TaskNotCancelableError",
    });
  });

  it("answers at once if the client wants that, and lets it subscribe", async () => {
    const { app, release } = heldApp();
    const client = await clientOf(await serve(app), { binding });
    const sent = (await client.sendMessage(
      say("Hi", { configuration: { returnImmediately: true } }),
    )) as Task;
    expect([TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING]).toContain(sent.status?.state);
    const events = client.resubscribeTask({ tenant: "", id: sent.id });
    const { value: first } = await events.next();
    expect((first as StreamResponse).payload?.$case).toBe("task");
    release();
    const rest = await collect(events);
    expect(statesOf(rest).at(-1)).toBe(TaskState.TASK_STATE_COMPLETED);
    const task = await client.getTask({ tenant: "", id: sent.id });
    expect(textOf(task)).toBe("Hello, world");
    await expect(collect(client.resubscribeTask({ tenant: "", id: sent.id }))).rejects.toMatchObject({
      name: "UnsupportedOperationError",
    });
  });

  it("cancels a task that is at work, once", async () => {
    const { app } = heldApp();
    const client = await clientOf(await serve(app), { binding });
    const stream = client.sendMessageStream(say("Hi"));
    const { value: first } = await stream.next();
    const id = taskIdOf(first as StreamResponse);
    const canceled = await client.cancelTask({ tenant: "", id, metadata: {} });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    expect(statesOf(await collect(stream)).at(-1)).toBe(TaskState.TASK_STATE_CANCELED);
    await expect(client.cancelTask({ tenant: "", id, metadata: {} })).resolves.toEqual(canceled);
  });

  it("lists the tasks, the latest first", async () => {
    const client = await clientOf(await serve(scriptedApp(hello)), { binding });
    const ids: string[] = [];
    for (const contextId of ["c1", "c2", "c1"]) {
      ids.unshift(((await client.sendMessage(say("Hi", { contextId }))) as Task).id);
    }
    const list = (options: object) =>
      client.listTasks({
        tenant: "",
        contextId: "",
        status: TaskState.TASK_STATE_UNSPECIFIED,
        pageToken: "",
        statusTimestampAfter: undefined,
        ...options,
      });
    const all = await list({});
    expect(all.tasks.map(({ id }) => id)).toEqual(ids);
    expect(all).toMatchObject({ totalSize: 3, pageSize: 50, nextPageToken: "" });
    expect(all.tasks[0]?.artifacts).toEqual([]);
    const first = await list({ pageSize: 2, includeArtifacts: true, historyLength: 0 });
    expect(first.tasks.map((task) => [task.id, textOf(task), task.history])).toEqual([
      [ids[0], "Hello, world", []],
      [ids[1], "Hello, world", []],
    ]);
    const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
    expect(second.tasks.map(({ id }) => id)).toEqual([ids[2]]);
    expect((await list({ contextId: "c2" })).tasks.map(({ id }) => id)).toEqual([ids[1]]);
    expect((await list({ status: TaskState.TASK_STATE_WORKING })).totalSize).toBe(0);
    expect((await list({ status: TaskState.TASK_STATE_COMPLETED })).totalSize).toBe(3);
    expect((await list({ statusTimestampAfter: "2999-01-01T00:00:00Z" })).tasks).toEqual([]);
    // What is no time can't even be sent over gRPC.
    const noTime = binding === "GRPC" ? [] : [{ statusTimestampAfter: "yesterday" }];
    for (const wrong of [...noTime, { pageSize: 101 }, { pageToken: "made up" }]) {
      await expect(list(wrong)).rejects.toMatchObject({ name: "RequestMalformedError" });
    }
  });

  it("asks, and goes on with the same task when it is answered", async () => {
    const client = await clientOf(await serve(askingApp()), { binding });
    const asked = (await client.sendMessage(say("Go"))) as Task;
    expect(asked.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    expect(textOf(asked.status?.message as never)).toBe("Where to?");
    const snapshot = await collect(client.resubscribeTask({ tenant: "", id: asked.id }));
    expect(snapshot.map(({ payload }) => payload?.value)).toEqual([asked]);

    const events = await collect(client.sendMessageStream(say("Rome", { taskId: asked.id })));
    const [first] = events;
    expect(first?.payload?.value).toMatchObject({ id: asked.id, contextId: asked.contextId });
    expect(statesOf(events).at(-1)).toBe(TaskState.TASK_STATE_COMPLETED);
    const done = await client.getTask({ tenant: "", id: asked.id });
    expect(textOf(done)).toBe("Where to?Off to Rome");
    expect(done.history.map(textOf)).toEqual(["Go", "Where to?", "Rome"]);
    expect(await client.getTask({ tenant: "", id: asked.id, historyLength: 1 })).toMatchObject({
      history: [{ parts: [{ content: { value: "Rome" } }] }],
    });
    await expect(client.sendMessage(say("Paris", { taskId: asked.id }))).rejects.toMatchObject({
      name: "UnsupportedOperationError",
    });
    const page = await client.listTasks({
      tenant: "",
      contextId: asked.contextId,
      status: 0,
      pageToken: "",
      statusTimestampAfter: undefined,
    });
    expect(page.tasks.map(({ id, status }) => [id, status?.state])).toEqual([
      [asked.id, TaskState.TASK_STATE_COMPLETED],
    ]);
  });

  it("cancels a task that waits for an answer, without a word to the agent", async () => {
    const client = await clientOf(await serve(askingApp()), { binding });
    const { id } = (await client.sendMessage(say("Go"))) as Task;
    const canceled = await client.cancelTask({ tenant: "", id, metadata: {} });
    expect(canceled).toMatchObject({ id, status: { state: TaskState.TASK_STATE_CANCELED } });
    expect(textOf(canceled)).toBe("Where to?");
    expect(await client.getTask({ tenant: "", id })).toEqual(canceled);
    await expect(client.sendMessage(say("Rome", { taskId: id }))).rejects.toMatchObject({
      name: "UnsupportedOperationError",
    });
  });

  it("tells what is wrong with a request in A2A's words", async () => {
    const client = await clientOf(await serve(scriptedApp(hello)), { binding });
    const done = (await client.sendMessage(say("Hi"))) as Task;
    const id = done.id;
    const cases: [() => Promise<unknown>, string][] = [
      [() => client.getTask({ tenant: "", id: "nobody's" }), "TaskNotFoundError"],
      [() => client.cancelTask({ tenant: "", id: "nobody's", metadata: {} }), "TaskNotFoundError"],
      [() => client.cancelTask({ tenant: "", id, metadata: {} }), "TaskNotCancelableError"],
      [() => client.sendMessage(say("Hi", { taskId: "nobody's" })), "TaskNotFoundError"],
      [() => client.sendMessage(say("Hi", { taskId: id })), "UnsupportedOperationError"],
      [() => client.sendMessage(say("Hi", { messageId: "" })), "RequestMalformedError"],
      [() => client.sendMessage(say("Hi", { parts: [] })), "RequestMalformedError"],
      [() => client.sendMessage(say("Hi", { parts: [{}] })), "RequestMalformedError"],
      [() => client.sendMessage(say("Hi", { contextId: "c".repeat(1025) })), "RequestMalformedError"],
      [
        () => client.sendMessage(say("Hi", { configuration: { historyLength: -1 } })),
        "RequestMalformedError",
      ],
      [() => client.sendMessage(say("Hi", { tenant: "nobody" })), "RequestMalformedError"],
      [() => collect(client.sendMessageStream(say("Hi", { taskId: "nobody's" }))), "TaskNotFoundError"],
      [() => collect(client.resubscribeTask({ tenant: "", id: "nobody's" })), "TaskNotFoundError"],
      [() => client.getTask({ tenant: "", id, historyLength: -1 }), "RequestMalformedError"],
      [
        () => client.getTaskPushNotificationConfig({ tenant: "", taskId: id, id: "none" }),
        "TaskNotFoundError",
      ],
      [
        () =>
          client.createTaskPushNotificationConfig(
            TaskPushNotificationConfig.fromJSON({ taskId: id, url: "http://127.0.0.1/hook" }),
          ),
        "RequestMalformedError",
      ],
    ];
    for (const [call, name] of cases) await expect(call()).rejects.toMatchObject({ name });
  });
});

function taskIdOf({ payload }: StreamResponse): string {
  return payload?.$case === "task" ? payload.value.id : "";
}

function statesOf(events: readonly StreamResponse[]): (TaskState | undefined)[] {
  return events.flatMap(({ payload }) =>
    payload?.$case === "task" || payload?.$case === "statusUpdate" ? [payload.value.status?.state] : [],
  );
}

function appended(events: readonly StreamResponse[]): string {
  return events
    .flatMap(({ payload }) =>
      payload?.$case === "artifactUpdate" ? (payload.value.artifact?.parts ?? []) : [],
    )
    .map(({ content }) => (content?.$case === "text" ? content.value : ""))
    .join("");
}
