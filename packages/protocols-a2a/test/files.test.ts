import { Message as A2AMessage, type Part, type Task, TaskState } from "@a2a-js/sdk";
import type { Message } from "@agentscope-runtime/agent-api";
import type { AgentPart } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { say } from "./support/messages.ts";
import { a2aApp, bindings, clientOf, parts, scriptedApp, serve } from "./support/serve.ts";

const png = Buffer.from("PNG").toString("base64");

it.each(bindings)("takes files and data over %s, and shows them in the history", async (binding) => {
  let got: readonly Message[] = [];
  const app = a2aApp().query(parts(), ({ msgs }) => {
    got = msgs;
    return [];
  });
  const client = await clientOf(await serve(app), { binding });
  const sent = [
    { text: "Look" },
    { raw: png, mediaType: "image/png" },
    { url: "https://example.com/a.jpg", mediaType: "image/jpeg" },
    { raw: png, mediaType: "audio/mp3" },
    { url: "https://example.com/a.mp4", mediaType: "video/mp4" },
    { raw: png, mediaType: "application/pdf", filename: "a.pdf" },
    { url: "https://example.com/b.pdf", filename: "b.pdf" },
    { data: { a: [1] } },
    { data: [1, 2] },
  ];
  const task = (await client.sendMessage(say("", { messageId: "m1", parts: sent }))) as Task;
  expect(got).toMatchObject([
    {
      id: "m1",
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "image", image_url: `data:image/png;base64,${png}` },
        { type: "image", image_url: "https://example.com/a.jpg" },
        { type: "audio", data: png, format: "mp3" },
        { type: "video", video_url: "https://example.com/a.mp4" },
        { type: "file", file_data: `data:application/pdf;base64,${png}`, filename: "a.pdf" },
        { type: "file", file_url: "https://example.com/b.pdf", filename: "b.pdf" },
        { type: "data", data: { a: [1] } },
        { type: "data", data: { value: [1, 2] } },
      ],
    },
  ]);
  expect(task.history[0]?.parts.map(kindOf)).toEqual([
    "text",
    "raw image/png",
    "url image/jpeg",
    "raw audio/mp3",
    "url video/mp4",
    "raw application/pdf",
    "url",
    "data",
    "data",
  ]);
});

it.each(bindings)("gives files and data over %s", async (binding) => {
  const script: AgentPart[] = [
    { kind: "image", messageId: "M1", url: `data:image/png;base64,${png}` },
    { kind: "image", messageId: "M1", url: "https://example.com/a.jpg" },
    { kind: "audio", messageId: "M1", data: png, format: "mp3" },
    { kind: "video", messageId: "M1", url: "https://example.com/a.mp4" },
    { kind: "file", messageId: "M1", data: png, filename: "a.bin" },
    { kind: "file", messageId: "M1", url: "https://example.com/b.pdf", filename: "b.pdf" },
    { kind: "file", messageId: "M1", fileId: "f1" },
    { kind: "data", messageId: "M1", data: { a: 1 } },
    { kind: "refusal-delta", messageId: "M1", text: "No more." },
    { kind: "tool-call", callId: "call_1", name: "locate", toolType: "function", arguments: "{}" },
  ];
  const client = await clientOf(await serve(scriptedApp(script)), { binding });
  const { artifacts } = (await client.sendMessage(say("Hi"))) as Task;
  expect(artifacts.map(({ parts: all }) => all.map(kindOf))).toEqual([
    [
      "raw image/png",
      "url",
      "raw audio/mp3",
      "url",
      "raw application/octet-stream",
      "url",
      "data",
      "data",
      "text",
    ],
    ["data"],
  ]);
  expect(artifacts[0]?.parts[5]).toMatchObject({
    filename: "b.pdf",
    content: { value: "https://example.com/b.pdf" },
  });
  expect(artifacts[1]).toMatchObject({
    metadata: { type: "function_call" },
    parts: [{ content: { value: { call_id: "call_1", name: "locate", arguments: "{}" } } }],
  });
});

it("asks whether a call may be made, and takes the answer", async () => {
  let got: readonly Message[] = [];
  const app = a2aApp().query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
    got = msgs;
    if (request.continues !== undefined) return;
    yield {
      kind: "approval-request",
      requestId: "r1",
      name: "rm",
      arguments: '{"path":"/"}',
      serverLabel: "fs",
    };
    yield { kind: "finish", reason: "auth_required" };
  });
  const client = await clientOf(await serve(app));
  const asked = (await client.sendMessage(say("Tidy up"))) as Task;
  expect(asked.status).toMatchObject({
    state: TaskState.TASK_STATE_AUTH_REQUIRED,
    message: {
      parts: [
        {
          content: { value: { id: "r1", name: "rm", server_label: "fs" } },
          metadata: { type: "mcp_approval_request" },
        },
      ],
    },
  });
  expect(asked.artifacts).toEqual([]);
  const answer = { data: { approval_request_id: "r1", approve: false, reason: "Never" } };
  const done = await client.sendMessage(say("", { taskId: asked.id, parts: [answer, { text: "Stop" }] }));
  expect(done).toMatchObject({ id: asked.id, status: { state: TaskState.TASK_STATE_COMPLETED } });
  expect(got).toMatchObject([
    { type: "mcp_approval_response", content: [{ data: { approval_request_id: "r1", approve: false } }] },
    { type: "message", content: [{ text: "Stop" }] },
  ]);
});

it("keeps what parts say of themselves", async () => {
  let metadata: unknown;
  const app = a2aApp().query(parts(), ({ msgs }) => {
    metadata = msgs[0]?.metadata;
    return [];
  });
  const client = await clientOf(await serve(app));
  const said = [
    { text: "# Hi", mediaType: "text/markdown", metadata: { k: 1 } },
    { url: "https://example.com/y.pdf", mediaType: "application/pdf", filename: "y.pdf" },
    { url: "https://example.com/y.png", mediaType: "image/png", filename: "y.png" },
    { raw: "aGk=", mediaType: "image/png", filename: "z.png", metadata: { alt: "z" } },
  ];
  const { history } = (await client.sendMessage(say("", { parts: said }))) as Task;
  const shown = history.map((message) => A2AMessage.toJSON(message) as object);
  expect(shown).toMatchObject([{ parts: said }]);
  expect(shown[0]).not.toHaveProperty("metadata.a2a_parts");
  expect(metadata).toMatchObject({
    a2a_parts: { 0: { mediaType: "text/markdown" }, 2: { filename: "y.png" } },
  });
});

it("reads a task with a URL of any length", async () => {
  const client = await clientOf(await serve(scriptedApp([])));
  const url = `data:${";".repeat(5_000_000)}`;
  const { id } = (await client.sendMessage(say("", { parts: [{ url, mediaType: "image/png" }] }))) as Task;
  expect((await client.getTask({ tenant: "", id })).history[0]?.parts[0]?.content?.value).toBe(url);
});

it("takes an approval for what it was asked for only", async () => {
  let asked = 0;
  let answered: readonly unknown[] = [];
  const app = a2aApp().query(parts(), function* ({ msgs }): Generator<AgentPart> {
    answered = [...answered, ...msgs.filter(({ type }) => type === "mcp_approval_response")];
    if (asked === 2) return;
    yield {
      kind: "approval-request",
      requestId: `r${++asked}`,
      name: "rm",
      arguments: "{}",
      serverLabel: "fs",
    };
    yield { kind: "finish", reason: "auth_required" };
  });
  const client = await clientOf(await serve(app));
  const { id: taskId } = (await client.sendMessage(say("Tidy up"))) as Task;
  const approve = (id: string) => ({ taskId, parts: [{ data: { approval_request_id: id, approve: true } }] });
  await expect(client.sendMessage(say("", approve("r2")))).rejects.toThrow("Nothing waits");
  const first = say("", approve("r1"));
  const waiting = await client.sendMessage(first);
  expect(waiting).toMatchObject({ status: { state: TaskState.TASK_STATE_AUTH_REQUIRED } });
  // Sent once more it is no answer to the next question.
  expect(await client.sendMessage(first)).toEqual(waiting);
  await expect(client.sendMessage(say("", approve("r1")))).rejects.toThrow("Nothing waits");
  expect(answered).toHaveLength(1);
  expect(await client.sendMessage(say("", approve("r2")))).toMatchObject({
    status: { state: TaskState.TASK_STATE_COMPLETED },
  });
  expect(await client.sendMessage(first)).toMatchObject({
    status: { state: TaskState.TASK_STATE_COMPLETED },
  });
});

it("refuses what the agent does not take", async () => {
  const card = { inputModes: ["text/*"], extensions: [{ uri: "https://example.com/x", required: true }] };
  const client = await clientOf(await serve(scriptedApp([], {}, { card })));
  const options = { serviceParameters: { "A2A-Extensions": "https://example.com/x" } };
  await expect(client.sendMessage(say("Hi"))).rejects.toMatchObject({
    name: "ExtensionSupportRequiredError",
  });
  await expect(client.sendMessage(say("Hi"), options)).resolves.toMatchObject({ status: {} });
  const picture = say("", { parts: [{ raw: png, mediaType: "image/png" }] });
  await expect(client.sendMessage(picture, options)).rejects.toMatchObject({
    name: "ContentTypeNotSupportedError",
  });
});

function kindOf({ content, mediaType }: Part): string {
  return [content?.$case, mediaType].filter(Boolean).join(" ");
}
