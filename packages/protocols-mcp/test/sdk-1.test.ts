import { type AgentPart, InMemorySessionHistoryService, text } from "@agentscope-runtime/core";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  type ClientCapabilities,
  ElicitRequestSchema,
  type Progress,
} from "@modelcontextprotocol/sdk/types.js";
import { expect, it, onTestFinished, vi } from "vitest";
import { mcpApp, parts, scriptedApp, serve } from "./support/serve.ts";

const hi = { name: "Friday", arguments: { message: "Hi" } };
const script: AgentPart[] = [
  { kind: "text-delta", messageId: "M1", text: "Let me " },
  { kind: "text-delta", messageId: "M1", text: "see." },
  { kind: "tool-call", callId: "call_1", name: "weather", messageId: "M1", arguments: "{}" },
  { kind: "tool-result", callId: "call_1", output: "Sunny" },
  { kind: "text-delta", messageId: "M2", text: "Sunny!" },
];

interface Options {
  readonly capabilities?: ClientCapabilities;
  /** The session of a client that has introduced itself already. */
  readonly sessionId?: string;
  readonly fetch?: typeof fetch;
}

/** The client of the SDK's first line, which most programs still have, connected until the test ends. */
async function connect(url: string, { capabilities = {}, ...options }: Options = {}) {
  const client = new Client({ name: "test", version: "1" }, { capabilities });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
    ...options,
    reconnectionOptions: {
      initialReconnectionDelay: 10,
      maxReconnectionDelay: 50,
      reconnectionDelayGrowFactor: 1.5,
      maxRetries: 20,
    },
  });
  // It was not written for exact optional properties.
  await client.connect(transport as Transport);
  onTestFinished(() => client.close());
  return { client, transport };
}

/** An agent that says "first", and "second" once it may. */
function held() {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<string>();
  const app = mcpApp().query(text(), async function* ({ request, signal }) {
    yield "first ";
    begun.resolve(request.id);
    await Promise.race([gate.promise, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    yield "second";
  });
  return { app, begun: begun.promise, open: gate.resolve };
}

it("lists the agents and calls them, with progress", async () => {
  const { client } = await connect(await serve(scriptedApp(script)));
  const { tools } = await client.listTools();
  expect(tools).toMatchObject([{ name: "Friday", inputSchema: { type: "object" } }]);
  const progress: Progress[] = [];
  const result = await client.callTool(hi, undefined, { onprogress: (one) => progress.push(one) });
  expect(progress.map(({ message = "" }) => message).join("")).toBe("Let me see.Sunny!");
  const numbers = progress.map((one) => one.progress);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  // The client itself holds the structured content to the schema of the tool.
  expect(result).toMatchObject({
    content: [{ text: "Let me see." }, { text: "Sunny!" }],
    structuredContent: { status: "completed", requests: [] },
  });
});

it("cancels a run by giving up the call", async () => {
  const { app, begun } = held();
  const url = await serve(app);
  const { client } = await connect(url);
  const abort = new AbortController();
  const call = client.callTool(hi, undefined, { signal: abort.signal });
  const id = await begun;
  abort.abort();
  await expect(call).rejects.toThrow();
  await vi.waitFor(async () => {
    expect(await (await fetch(`${url}/runs/${id}`)).json()).toMatchObject({ status: "canceled" });
  });
});

it("is told of a run that somebody else has canceled", async () => {
  const { app, begun } = held();
  const url = await serve(app);
  const call = (await connect(url)).client.callTool(hi);
  await fetch(`${url}/runs/${await begun}/cancel`, { method: "POST" });
  expect(await call).toMatchObject({ isError: true, structuredContent: { status: "canceled" } });
});

it("reads sessions as resources", async () => {
  const history = new InMemorySessionHistoryService();
  const app = mcpApp()
    .init(() => history.start())
    .services(() => ({ history }))
    .query(text(), () => "Hello!");
  const { client } = await connect(await serve(app));
  await client.callTool({ name: "Friday", arguments: { message: "Hi", session_id: "s1" } });
  const { resources } = await client.listResources();
  expect(resources).toMatchObject([{ name: "s1", mimeType: "application/json" }]);
  const { resourceTemplates } = await client.listResourceTemplates();
  expect(resourceTemplates[0]?.uriTemplate).toContain("session://");
  const { contents } = await client.readResource({ uri: resources[0]?.uri ?? "" });
  const [session] = contents as { readonly text: string }[];
  expect(session?.text).toContain("Hello!");
  await expect(client.readResource({ uri: "session://Friday/nobody/nowhere" })).rejects.toThrow();
});

it("takes a call up again with the token that it was given, even in another process", async () => {
  const { app, begun, open } = held();
  const url = await serve(app);
  const first = await connect(url);
  const tokens: string[] = [];
  const seen = Promise.withResolvers<void>();
  const call = first.client.callTool(hi, undefined, {
    onresumptiontoken: (token) => tokens.push(token),
    onprogress: ({ message }) => {
      if (message === "first ") seen.resolve();
    },
  });
  const lost = expect(call).rejects.toThrow();
  await begun;
  await seen.promise;
  const { sessionId } = first.transport;
  await first.client.close();
  await lost;
  const second = await connect(url, sessionId === undefined ? {} : { sessionId });
  second.transport.setProtocolVersion("2025-11-25");
  const resumed = second.client.callTool(hi, undefined, { resumptionToken: tokens.at(-1) ?? "" });
  open();
  expect(await resumed).toMatchObject({ content: [{ text: "first second" }] });
  const { data } = (await (await fetch(`${url}/runs`)).json()) as { readonly data: unknown[] };
  expect(data).toHaveLength(1);
});

it("comes to the result by itself over a connection that breaks", async () => {
  const { app, open } = held();
  const breaking: typeof fetch = async (...args) => {
    const { status, headers, body } = await fetch(...args);
    const isStream = headers.get("content-type")?.includes("event-stream") === true;
    if (body === null || !isStream) return new Response(body, { status, headers });
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      start: (out) => void connections.push(() => out.error(new Error("The connection is gone."))),
    });
    return new Response(body.pipeThrough(cut), { status, headers });
  };
  const connections: (() => unknown)[] = [];
  const { client } = await connect(await serve(app), { fetch: breaking });
  const seen = Promise.withResolvers<void>();
  const call = client.callTool(hi, undefined, { onprogress: () => seen.resolve() });
  await seen.promise;
  connections.at(-1)?.();
  const before = connections.length;
  open();
  expect(await call).toMatchObject({ content: [{ text: "first second" }] });
  expect(connections.length).toBeGreaterThan(before);
});

it.each([
  [{ action: "accept", content: { approve_1: true } }, "I pay."],
  [{ action: "accept", content: { approve_1: false } }, "I leave it."],
  [{ action: "decline" }, "I leave it."],
] as const)("asks its user, and goes on with the answer %j", async (answer, said) => {
  const app = mcpApp().query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
    if (request.continues === undefined) {
      yield { kind: "text-delta", messageId: "M1", text: "May I pay?" };
      yield { kind: "approval-request", requestId: "pay", name: "pay", arguments: "{}" };
      return;
    }
    const [slot] = msgs.at(-1)?.content ?? [];
    const approved = slot?.type === "data" && slot.data?.approve === true;
    yield { kind: "text-delta", messageId: "M2", text: approved ? "I pay." : "I leave it." };
  });
  const { client } = await connect(await serve(app), { capabilities: { elicitation: {} } });
  const asked: unknown[] = [];
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
    asked.push(params);
    return { ...answer };
  });
  expect(await client.callTool(hi)).toMatchObject({ content: [{ text: said }] });
  expect(asked).toMatchObject([{ message: "May I pay?", requestedSchema: { required: ["approve_1"] } }]);
});
