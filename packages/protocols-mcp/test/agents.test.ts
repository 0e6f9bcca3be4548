import { AgentApp, type AgentPart, InMemorySessionHistoryService, text } from "@agentscope-runtime/core";
import { type Progress, ProtocolError, SdkError } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { connect, mcpApp, parts, revisions, scriptedApp, serve } from "./support/serve.ts";

const script: AgentPart[] = [
  { kind: "reasoning-delta", messageId: "M1", text: "Hm." },
  { kind: "text-delta", messageId: "M1", text: "Let me " },
  { kind: "text-delta", messageId: "M1", text: "see." },
  { kind: "tool-call", callId: "call_1", name: "weather", messageId: "M1", arguments: "{}" },
  { kind: "tool-result", callId: "call_1", output: "Sunny" },
  { kind: "text-delta", messageId: "M2", text: "Sunny!" },
];
const hi = { name: "Friday", arguments: { message: "Hi" } };

describe.each(revisions)("a client of %s", (revision) => {
  it("finds each agent as a tool with schemas", async () => {
    const second = new AgentApp({ name: "ignored", description: "Counts." }).query(text(), () => "1, 2, 3");
    const app = mcpApp({ name: "Mr. Friday", description: "Helps." }).query(text(), () => "ok");
    const client = await connect(await serve(app.host("counter", second)), revision);
    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
    const { tools } = await client.listTools();
    expect(tools).toMatchObject([
      { name: "Mr._Friday", title: "Mr. Friday", description: "Helps." },
      { name: "counter", title: "counter", description: "Counts." },
    ]);
    const [tool] = tools;
    expect(Object.keys(tool?.inputSchema.properties ?? {})).toEqual([
      "message",
      "session_id",
      "continues",
      "approvals",
    ]);
    expect(tool?.outputSchema).toMatchObject({ required: expect.arrayContaining(["run_id", "output"]) });
    const said = await Promise.all(
      ["Mr._Friday", "counter"].map((name) => client.callTool({ name, arguments: { message: "Hi" } })),
    );
    expect(said).toMatchObject([
      { content: [{ type: "text", text: "ok" }] },
      { content: [{ type: "text", text: "1, 2, 3" }] },
    ]);
  });

  it("gets the text as progress, and the run as the result", async () => {
    const url = await serve(scriptedApp(script));
    const client = await connect(url, revision);
    const progress: Progress[] = [];
    const result = await client.callTool(hi, { onprogress: (one) => progress.push(one) });
    expect(progress.map(({ message = "" }) => message).join("")).toBe("Let me see.Sunny!");
    const numbers = progress.map((one) => one.progress);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(result).toMatchObject({
      content: [
        { type: "text", text: "Let me see." },
        { type: "text", text: "Sunny!" },
      ],
      structuredContent: { status: "completed", reason: null, requests: [], error: null },
    });
    expect(result.isError).toBeFalsy();
    const { run_id, session_id, output } = result.structuredContent as Record<string, unknown>;
    const run = await fetch(`${url}/runs/${run_id}`).then((answer) => answer.json());
    expect(run).toMatchObject({ id: run_id, session_id, status: "completed", response: { output } });
  });

  it("gets no progress that it has not asked for", async () => {
    const client = await connect(await serve(scriptedApp(script)), revision);
    const seen: unknown[] = [];
    client.setNotificationHandler("notifications/progress", (notification) => void seen.push(notification));
    await client.callTool(hi);
    expect(seen).toEqual([]);
  });

  it("goes on with a session", async () => {
    const history = new InMemorySessionHistoryService();
    const app = mcpApp()
      .init(() => history.start())
      .services(() => ({ history }))
      .query(text(), async ({ session }) => {
        const { items } = await history.getMessages(session);
        return `${items.length} messages so far`;
      });
    const client = await connect(await serve(app), revision);
    const first = await client.callTool(hi);
    const { session_id } = first.structuredContent as { session_id: string };
    const second = await client.callTool({ name: "Friday", arguments: { message: "And?", session_id } });
    expect([first, second]).toMatchObject([
      { content: [{ text: "1 messages so far" }] },
      { content: [{ text: "3 messages so far" }], structuredContent: { session_id } },
    ]);
  });

  it.each<[string, AgentPart[], object]>([
    [
      "a rejection",
      [{ kind: "finish", reason: "rejected" }],
      {
        isError: true,
        content: [{ text: "The agent rejects this request." }],
        structuredContent: { status: "rejected" },
      },
    ],
    [
      "an answer that was cut",
      [
        { kind: "text-delta", messageId: "M", text: "Once upon" },
        { kind: "finish", reason: "max_output_tokens" },
      ],
      {
        content: [{ text: "Once upon" }, { text: "The run is incomplete: max_output_tokens." }],
        structuredContent: { status: "incomplete", reason: "max_output_tokens" },
      },
    ],
    [
      "pictures, sounds and files",
      [
        { kind: "image", messageId: "A", url: "data:image/gif;base64,R0lG" },
        { kind: "image", messageId: "B", url: "https://example.com/b.png" },
        { kind: "audio", messageId: "C", data: "UklG", format: "mp3" },
        { kind: "video", messageId: "D", url: "https://example.com/d.mp4" },
        { kind: "file", messageId: "E", filename: "e.txt", data: "data:text/plain;base64,aGk=" },
      ],
      {
        content: [
          { type: "image", data: "R0lG", mimeType: "image/gif" },
          { type: "resource_link", uri: "https://example.com/b.png" },
          { type: "audio", data: "UklG", mimeType: "audio/mp3" },
          { type: "resource_link", uri: "https://example.com/d.mp4" },
          { type: "resource", resource: { uri: "file:///e.txt", blob: "aGk=", mimeType: "text/plain" } },
        ],
      },
    ],
    [
      "what is not as it should be, among the rest",
      [
        { kind: "text-delta", messageId: "0", text: "Here." },
        { kind: "file", messageId: "A", filename: "\ud800/a.txt", data: "data:text/plain,hello%20you" },
        { kind: "file", messageId: "B", filename: "b", data: "hello, world" },
        { kind: "file", messageId: "C", filename: "c", data: "_-_-" },
        { kind: "file", messageId: "D", filename: "d", data: `${"QUJD".repeat(19)}\n QUI` },
        { kind: "file", messageId: "E", filename: "e", data: "data:text/plain;charset=utf-8;base64,?" },
        { kind: "image", messageId: "F", url: "data:image/svg+xml;charset=utf-8,<svg/>" },
        { kind: "image", messageId: "G", url: "/files/1.png" },
        { kind: "image", messageId: "H", url: "data:;BASE64,R0lG" },
        { kind: "audio", messageId: "I", data: "no sound!" },
      ],
      {
        content: [
          { text: "Here." },
          { resource: { uri: "file:///%EF%BF%BD%2Fa.txt", text: "hello you", mimeType: "text/plain" } },
          { resource: { text: "hello, world" } },
          { resource: { blob: "/+/+" } },
          { resource: { blob: `${"QUJD".repeat(19)}QUI=` } },
          { resource: { text: "?", mimeType: "text/plain" } },
          { type: "image", data: "PHN2Zy8+", mimeType: "image/svg+xml" },
          { type: "resource_link", uri: "/files/1.png", name: "image" },
          { type: "image", data: "R0lG", mimeType: "image/png" },
          { type: "resource_link", uri: "no sound!", name: "audio" },
        ],
      },
    ],
  ])("is told of %s", async (_, script, expected) => {
    const client = await connect(await serve(scriptedApp(script)), revision);
    await expect(client.callTool(hi)).resolves.toMatchObject(expected);
  });

  it("is told of a failure as of a tool's, without what nobody should know", async () => {
    const app = mcpApp().query(text(), async function* () {
      yield "part";
      throw new Error("secret");
    });
    const client = await connect(await serve(app), revision);
    const result = await client.callTool(hi);
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: "part" }, { text: expect.stringContaining("AGENT_UNKNOWN_ERROR") }],
      structuredContent: { status: "failed", error: { code: "AGENT_UNKNOWN_ERROR" } },
    });
    expect(JSON.stringify(result)).not.toContain("secret");
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["nothing", {}, "there must be a message"],
    ["an empty message", { message: "" }, "message"],
    ["a number", { message: 5 }, "message"],
    ["an unknown run", { message: "Hi", continues: "nowhere" }, "RESOURCE_NOT_FOUND"],
    ["a session without a name", { message: "Hi", session_id: "" }, "session_id"],
  ])("is told what is wrong with %s as an argument", async (_, args, expected) => {
    const client = await connect(await serve(scriptedApp(script)), revision);
    await expect(client.callTool({ name: "Friday", arguments: args })).resolves.toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(expected) }],
    });
  });

  it("gets an error of the protocol for a tool that is not there", async () => {
    const client = await connect(await serve(scriptedApp(script)), revision);
    const error = await client.callTool({ name: "nobody" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining("nobody") });
  });

  it("is told that a session has too much to do", async () => {
    const gate = Promise.withResolvers<void>();
    const app = mcpApp({ runs: { maxQueuedRuns: 0 } }).query(text(), async function* () {
      yield "first";
      await gate.promise;
    });
    const client = await connect(await serve(app), revision);
    const call = { name: "Friday", arguments: { message: "Hi", session_id: "s1" } };
    const started = Promise.withResolvers<void>();
    const first = client.callTool(call, { onprogress: () => started.resolve() });
    await started.promise;
    await expect(client.callTool(call)).resolves.toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("QUEUE_FULL") }],
    });
    gate.resolve();
    await expect(first).resolves.toMatchObject({ structuredContent: { status: "completed" } });
  });

  it("cancels the run by giving up the call", async () => {
    const started = Promise.withResolvers<string>();
    const stopped = Promise.withResolvers<void>();
    const app = mcpApp().query(text(), async function* ({ signal, request }) {
      yield "started";
      started.resolve(request.id);
      signal.addEventListener("abort", () => stopped.resolve());
      await stopped.promise;
    });
    const url = await serve(app);
    const client = await connect(url, revision);
    const abort = new AbortController();
    const call = client.callTool(hi, { signal: abort.signal });
    const id = await started.promise;
    abort.abort();
    await expect(call).rejects.toBeInstanceOf(SdkError);
    await stopped.promise;
    await expect
      .poll(async () => (await fetch(`${url}/runs/${id}`)).json())
      .toMatchObject({ status: "canceled" });
  });

  it("is told of a run that somebody else has canceled", async () => {
    const started = Promise.withResolvers<string>();
    const app = mcpApp().query(text(), async function* ({ signal, request }) {
      yield "started";
      started.resolve(request.id);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    const url = await serve(app);
    const call = (await connect(url, revision)).callTool(hi);
    await fetch(`${url}/runs/${await started.promise}/cancel`, { method: "POST" });
    await expect(call).resolves.toMatchObject({ isError: true, structuredContent: { status: "canceled" } });
  });

  it("waits through a long silence, which heartbeats fill", async () => {
    const gate = Promise.withResolvers<void>();
    const app = mcpApp({ streams: { heartbeat: 5 } }).query(text(), async function* () {
      await gate.promise;
      yield "late";
    });
    let beats = 0;
    const counting: typeof fetch = async (...args) => {
      const { status, headers, body } = await fetch(...args);
      if (body === null) return new Response(null, { status, headers });
      const counter = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, out) => {
          if (Buffer.from(chunk).toString() === ":\n\n" && ++beats === 3) gate.resolve();
          out.enqueue(chunk);
        },
      });
      return new Response(body.pipeThrough(counter), { status, headers });
    };
    const client = await connect(await serve(app), revision, { fetch: counting });
    await expect(client.callTool(hi)).resolves.toMatchObject({ content: [{ text: "late" }] });
  });

  it("reaches the end of its call while the server closes", async () => {
    const started = Promise.withResolvers<void>();
    const app = mcpApp({ drainGrace: 5000 }).query(parts(), async function* ({ signal }) {
      started.resolve();
      yield { kind: "text-delta", messageId: "M", text: "a" } as const;
      await new Promise((resolve) => setTimeout(resolve, 50, signal));
      yield { kind: "text-delta", messageId: "M", text: "b" } as const;
    });
    const running = await app.run({ port: 0 });
    const call = (await connect(running.url, revision)).callTool(hi);
    await started.promise;
    await running.close();
    await expect(call).resolves.toMatchObject({ content: [{ text: "ab" }] });
  });
});
