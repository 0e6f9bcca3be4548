import { type StreamResponse, type Task, TaskState } from "@a2a-js/sdk";
import { LegacyJsonRpcTransport, LegacyRestTransport } from "@a2a-js/sdk/compat/v0_3/client";
import { LegacyGrpcTransport } from "@a2a-js/sdk/compat/v0_3/client/grpc";
import type { Message } from "@agentscope-runtime/agent-api";
import type { AgentPart } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { collect, say, textOf } from "./support/messages.ts";
import { a2aApp, parts, serve } from "./support/serve.ts";

function askingApp() {
  return a2aApp().query(parts(), async function* ({ request, signal }) {
    const text = request.continues === undefined ? "Where to?" : "Off";
    yield { kind: "text-delta", messageId: request.id, text } satisfies AgentPart;
    if (text === "Where to?") yield { kind: "finish", reason: "input_required" } satisfies AgentPart;
    else await new Promise((_, reject) => signal.addEventListener("abort", reject));
  });
}

async function transportOf(binding: string) {
  const url = await serve(askingApp());
  const card = (await (await fetch(`${url}/.well-known/agent-card.json`)).json()) as {
    url: string;
    additionalInterfaces: { url: string; transport: string }[];
  };
  if (binding === "JSONRPC") return new LegacyJsonRpcTransport({ endpoint: card.url });
  if (binding === "HTTP+JSON") return new LegacyRestTransport({ endpoint: card.url });
  const grpc = card.additionalInterfaces.find(({ transport }) => transport === "GRPC");
  return new LegacyGrpcTransport({ endpoint: grpc?.url ?? "" } as never);
}

describe.each(["JSONRPC", "HTTP+JSON", "GRPC"])("A2A 0.3 over %s", (binding) => {
  it("has what it has in 1.0", async () => {
    const client = await transportOf(binding);
    const options = { serviceParameters: { "A2A-Version": "0.3" } };
    const asked = (await client.sendMessage(say("Go"), options)) as Task;
    expect(asked.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    expect(textOf(asked)).toBe("Where to?");
    const stream = client.sendMessageStream(
      say("Rome", { taskId: asked.id, contextId: asked.contextId }),
      options,
    );
    const { value: first } = await stream.next();
    expect((first as StreamResponse).payload?.value).toMatchObject({ id: asked.id });
    const watched = client.resubscribeTask({ tenant: "", id: asked.id }, options);
    await watched.next();
    const canceled = await client.cancelTask({ tenant: "", id: asked.id, metadata: {} }, options);
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    for (const events of [stream, watched]) {
      const last = (await collect(events)).at(-1);
      expect(last?.payload?.value).toMatchObject({ status: { state: TaskState.TASK_STATE_CANCELED } });
    }
    expect(await client.getTask({ tenant: "", id: asked.id }, options)).toEqual(canceled);
    const config = { tenant: "", taskId: asked.id, id: "c1", url: "https://example.com/hook", token: "t" };
    const authentication = { scheme: "Bearer", credentials: "key" };
    const set = { ...config, authentication };
    expect(await client.createTaskPushNotificationConfig(set, options)).toEqual(set);
    expect(await client.getTaskPushNotificationConfig(config, options)).toEqual(set);
    const list = { tenant: "", taskId: asked.id, pageSize: 0, pageToken: "" };
    expect((await client.listTaskPushNotificationConfig(list, options)).configs).toEqual([set]);
    await client.deleteTaskPushNotificationConfig(config, options);
    expect((await client.listTaskPushNotificationConfig(list, options)).configs).toEqual([]);
    await expect(client.getTask({ tenant: "", id: "nobody's" }, options)).rejects.toMatchObject({
      name: "TaskNotFoundError",
    });
  });
});

it("answers in the words of 0.3 who says nothing of versions", async () => {
  const url = `${await serve(askingApp())}/a2a`;
  const body = (method: string, params: object) => ({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: "1", method, params }),
  });
  const message = { kind: "message", messageId: "m1", role: "user", parts: [{ kind: "text", text: "Go" }] };
  expect(await (await fetch(url, body("message/send", { message }))).json()).toMatchObject({
    id: "1",
    result: {
      kind: "task",
      status: { state: "input-required", message: { role: "agent" } },
      artifacts: [{ parts: [{ kind: "text", text: "Where to?" }] }],
      history: [{ role: "user", messageId: "m1" }],
    },
  });
  const stream = await fetch(url, body("message/stream", { message: { ...message, messageId: "m2" } }));
  const frames = (await stream.text()).split("\n\n").filter((frame) => frame.startsWith("data:"));
  const results = frames.map((frame) => JSON.parse(frame.slice(5)).result);
  expect(results.map(({ kind }) => kind)).toEqual([
    "task",
    "status-update",
    "artifact-update",
    "artifact-update",
    "status-update",
  ]);
  expect(results.at(-1)).toMatchObject({ final: true, status: { state: "input-required" } });
  const unknown = await fetch(url, body("tasks/get", { id: "nobody's" }));
  expect(await unknown.json()).toMatchObject({ error: { code: -32001 } });
});

it("takes and gives files in the words of 0.3 over HTTP and JSON", async () => {
  const raw = Buffer.from("PDF").toString("base64");
  let got: readonly Message[] = [];
  const app = a2aApp().query(parts(), ({ msgs }) => {
    got = msgs;
    return [
      { kind: "data", messageId: "M1", data: { a: 1 } },
      { kind: "file", messageId: "M1", url: "https://example.com/b.pdf" },
      { kind: "file", messageId: "M1", data: raw },
    ] satisfies AgentPart[];
  });
  const client = new LegacyRestTransport({ endpoint: `${await serve(app)}/a2a` });
  const sent = [{ text: "Look" }, { raw, mediaType: "application/pdf" }, { data: { b: 2 } }];
  const task = (await client.sendMessage(
    say("", { parts: sent, configuration: { returnImmediately: false } }),
  )) as Task;
  expect(got[0]?.content).toMatchObject([
    { type: "text", text: "Look" },
    { type: "file", file_data: `data:application/pdf;base64,${raw}` },
    { type: "data", data: { b: 2 } },
  ]);
  expect(task.artifacts[0]?.parts.map(({ content }) => content)).toMatchObject([
    { $case: "data", value: { a: 1 } },
    { $case: "url", value: "https://example.com/b.pdf" },
    { $case: "raw", value: Buffer.from("PDF") },
  ]);
  await expect(client.sendMessage(say("", { parts: [{}] }))).rejects.toThrow();
});
