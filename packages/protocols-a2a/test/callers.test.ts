import type { Task } from "@a2a-js/sdk";
import {
  type AgentPart,
  type CreateResult,
  InMemoryRunStore,
  type NewRun,
  text,
} from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { collect, say, textOf } from "./support/messages.ts";
import { a2aApp, bindings, clientOf, parts, serve } from "./support/serve.ts";

const authenticate = ({ headers }: { headers: Readonly<Record<string, string | string[] | undefined>> }) =>
  typeof headers.authorization === "string" ? { userId: headers.authorization } : undefined;

it.each(bindings)("shows others nothing of a caller's tasks over %s", async (binding) => {
  const url = await serve(a2aApp({ authenticate }).query(text(), () => "Hello!"));
  const client = await clientOf(url, { binding });
  const ann = { serviceParameters: { authorization: "Ann" } };
  const bob = { serviceParameters: { authorization: "Bob" } };
  const { id, contextId } = (await client.sendMessage(say("Hi", { contextId: "c1" }), ann)) as Task;
  await expect(client.getTask({ tenant: "", id }, ann)).resolves.toMatchObject({ id });
  const notFound = { name: "TaskNotFoundError" };
  await expect(client.getTask({ tenant: "", id }, bob)).rejects.toMatchObject(notFound);
  await expect(client.cancelTask({ tenant: "", id, metadata: {} }, bob)).rejects.toMatchObject(notFound);
  await expect(collect(client.resubscribeTask({ tenant: "", id }, bob))).rejects.toMatchObject(notFound);
  await expect(client.sendMessage(say("Hi", { taskId: id }), bob)).rejects.toMatchObject(notFound);
  const list = { tenant: "", contextId, status: 0, pageToken: "", statusTimestampAfter: undefined };
  expect((await client.listTasks(list, bob)).totalSize).toBe(0);
  expect((await client.listTasks(list, ann)).tasks).toMatchObject([{ id }]);
  await expect(client.getTask({ tenant: "", id })).rejects.toThrow(/credentials|Credentials/i);
});

it("knows a task that another replica has begun, asks there, and is answered here", async () => {
  const runStore = new InMemoryRunStore();
  const app = () =>
    a2aApp({ runStore }).query(parts(), async function* ({ request, signal }): AsyncGenerator<AgentPart> {
      yield { kind: "text-delta", messageId: request.id, text: request.continues ? "Off" : "Where to?" };
      if (request.continues === undefined) yield { kind: "finish", reason: "input_required" };
      else await new Promise((_, reject) => signal.addEventListener("abort", reject));
    });
  const [here, there] = await Promise.all([clientOf(await serve(app())), clientOf(await serve(app()))]);
  const asked = (await there.sendMessage(say("Go"))) as Task;
  const stream = here.sendMessageStream(say("Rome", { taskId: asked.id }));
  await stream.next();
  const watched = there.resubscribeTask({ tenant: "", id: asked.id });
  const { value: first } = await watched.next();
  expect(first?.payload?.value).toMatchObject({ id: asked.id, history: [{}, {}, {}] });
  const canceled = await there.cancelTask({ tenant: "", id: asked.id, metadata: {} });
  expect(textOf(canceled)).toBe("Where to?Off");
  for (const events of [stream, watched]) {
    expect((await collect(events)).at(-1)?.payload?.value).toMatchObject({ status: { state: 5 } });
  }
  expect(await here.getTask({ tenant: "", id: asked.id })).toEqual(canceled);
});

it("lets one of two answers count that come at once", async () => {
  // Both have seen the question before either is taken.
  let waiting = 2;
  const both = Promise.withResolvers<void>();
  const runStore = new (class extends InMemoryRunStore {
    override async create(run: NewRun): Promise<CreateResult> {
      if (run.request.continues !== undefined && --waiting === 0) both.resolve();
      if (run.request.continues !== undefined) await both.promise;
      return super.create(run);
    }
  })();
  const url = await serve(
    a2aApp({ runStore }).query(parts(), function* ({ request }): Generator<AgentPart> {
      yield { kind: "text-delta", messageId: request.id, text: "?" };
      if (request.continues === undefined) yield { kind: "finish", reason: "input_required" };
    }),
  );
  const client = await clientOf(url);
  const { id: taskId, contextId } = (await client.sendMessage(say("Go"))) as Task;
  const answers = await Promise.allSettled([
    client.sendMessage(say("Rome", { taskId })),
    client.sendMessage(say("Paris", { taskId })),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const task = await client.getTask({ tenant: "", id: taskId });
  expect(task.history).toHaveLength(3);
  const messageId = task.history[2]?.messageId ?? "";
  const again = await client.sendMessage(say("Rome", { taskId, messageId }));
  expect(again).toEqual(task);

  const { data: runs } = (await (await fetch(`${url}/runs?session_id=${contextId}`)).json()) as {
    data: { id: string }[];
  };
  expect(runs).toHaveLength(2);
  const answer = runs.find(({ id }) => id !== taskId)?.id ?? "";
  await expect(client.getTask({ tenant: "", id: answer })).rejects.toMatchObject({
    name: "TaskNotFoundError",
  });
});

it("tells of what other protocols have started, the agent's own work too where that is wanted", async () => {
  const script: AgentPart[] = [
    { kind: "reasoning-delta", messageId: "M1", text: "Hm" },
    { kind: "tool-call", callId: "call_1", name: "add", arguments: "{}" },
    { kind: "tool-result", callId: "call_1", output: 2 },
    { kind: "text-delta", messageId: "M2", text: "2" },
  ];
  for (const progress of [false, true]) {
    const url = await serve(a2aApp({}, { progress }).query(parts(), () => script));
    const client = await clientOf(url);
    const input = [{ role: "user", content: [{ type: "text", text: "1 + 1?" }] }];
    const body = JSON.stringify({ input, stream: false, id: "r1", session_id: "s1" });
    await fetch(`${url}/process`, { method: "POST", headers: { "content-type": "application/json" }, body });
    const task = await client.getTask({ tenant: "", id: "r1" });
    expect(task).toMatchObject({ contextId: "s1", history: [{ parts: [{ content: { value: "1 + 1?" } }] }] });
    expect(textOf(task)).toBe("2");
    const events = await collect(client.sendMessageStream(say("1 + 1?")));
    const told = events.flatMap(({ payload }) =>
      payload?.$case === "statusUpdate" ? [payload.value.status?.message?.metadata?.type ?? null] : [],
    );
    const types = ["reasoning", "plugin_call", "plugin_call_output"];
    expect(told).toEqual(progress ? [null, ...types, null] : [null, null]);
  }
});
