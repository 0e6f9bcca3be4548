import { RuntimeError, text } from "@agentscope-runtime/core";
import { type McpToolkit, mcp, mcpPrompt, mcpTool } from "@agentscope-runtime/protocols-mcp";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { call, introduce, post } from "./support/messages.ts";
import { connect, mcpApp, revisions, serve } from "./support/serve.ts";

const add = mcpTool({
  name: "add",
  title: "Add",
  description: "Adds numbers.",
  input: z.object({ a: z.number(), b: z.number().default(1) }),
  output: z.object({ sum: z.number() }),
  call: async ({ a, b }, { progress }) => {
    await progress("adding");
    await progress();
    return { content: [{ type: "text", text: String(a + b) }], structuredContent: { sum: a + b } };
  },
});
const whoami = mcpTool({
  name: "whoami",
  input: z.object({}),
  call: (_, { caller }) => String(caller.userId),
});
const failing = mcpTool({
  name: "failing",
  input: z.object({ how: z.string() }),
  call: ({ how }) => {
    throw how === "known"
      ? new RuntimeError("RESOURCE_NOT_FOUND", "There is no such thing.")
      : new Error("secret");
  },
});

/** A toolkit as `agentscope` has it. */
function toolkit(): McpToolkit & { readonly names: string[] } {
  const names = ["echo"];
  return {
    names,
    getJsonSchemas: () =>
      names.map((name) => ({
        type: "function",
        function: {
          name,
          description: "Says it again.",
          parameters: { type: "object", properties: { text: { type: "string" } } },
        },
      })),
    callToolFunction: async function* ({ name, input }, { signal } = {}) {
      const said = String(input.text);
      yield { content: [{ type: "text", text: said.slice(0, 2) }], state: "running" };
      if (said === "wait") await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      yield { content: [{ type: "text", text: said.slice(0, 4) }], state: "running" };
      yield {
        content: [
          { type: "text", text: `${name}: ${said}` },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } },
          { type: "audio", source: { type: "url", url: "https://example.com/a.wav" } },
        ],
        state: said === "bad" ? "error" : "success",
      };
    },
  };
}

const prompts = [
  mcpPrompt({
    name: "greet",
    description: "Greets somebody.",
    input: z.object({ name: z.string().describe("Who."), tone: z.string().optional() }),
    get: ({ name, tone = "kindly" }) => `Greet ${name} ${tone}.`,
  }),
  mcpPrompt({
    name: "talk",
    get: () => [
      { role: "user", content: { type: "text", text: "Hi" } },
      { role: "assistant", content: { type: "text", text: "Hello" } },
    ],
  }),
];

const app = (options = {}, kit: McpToolkit = toolkit()) =>
  mcpApp(options, {
    tools: [add, whoami, failing],
    toolkits: [kit],
    prompts,
    instructions: "Ask Friday.",
    version: "1.2.3",
  }).query(text(), () => "ok");

describe.each(revisions)("a client of %s", (revision) => {
  it("is told who it talks to", async () => {
    const client = await connect(await serve(app()), revision);
    expect(client.getServerVersion()).toEqual({ name: "Friday", version: "1.2.3" });
    expect(client.getInstructions()).toBe("Ask Friday.");
    expect(client.getServerCapabilities()).toEqual({ tools: {}, resources: {}, prompts: {} });
  });

  it("calls tools of the app beside the agents", async () => {
    const client = await connect(await serve(app()), revision);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["Friday", "add", "whoami", "failing", "echo"]);
    expect(tools[1]).toMatchObject({
      title: "Add",
      description: "Adds numbers.",
      inputSchema: { type: "object", required: ["a"] },
      outputSchema: { type: "object", required: ["sum"] },
    });
    const progress: unknown[] = [];
    const added = await client.callTool(
      { name: "add", arguments: { a: 2 } },
      { onprogress: (one) => progress.push(one) },
    );
    expect(added).toMatchObject({ content: [{ type: "text", text: "3" }], structuredContent: { sum: 3 } });
    expect(progress).toEqual([{ progress: 1, message: "adding" }, { progress: 2 }]);
  });

  it("calls the tools of a toolkit, those that it has gained since too", async () => {
    const kit = toolkit();
    const client = await connect(await serve(app({}, kit)), revision);
    const progress: unknown[] = [];
    const echoed = await client.callTool(
      { name: "echo", arguments: { text: "Hello" } },
      { onprogress: (one) => progress.push(one) },
    );
    expect(progress).toMatchObject([{ message: "He" }, { message: "ll" }]);
    expect(echoed).toMatchObject({
      content: [
        { type: "text", text: "echo: Hello" },
        { type: "image", data: "QUJD", mimeType: "image/png" },
        { type: "resource_link", uri: "https://example.com/a.wav" },
      ],
    });
    await expect(client.callTool({ name: "echo", arguments: { text: "bad" } })).resolves.toMatchObject({
      isError: true,
    });
    kit.names.push("again");
    await expect(client.callTool({ name: "again", arguments: { text: "a" } })).resolves.toMatchObject({
      content: [{ text: "again: a" }, {}, {}],
    });
  });

  it("is told what is wrong with its arguments, and of failures no more than it should know", async () => {
    const client = await connect(await serve(app()), revision);
    const wrong = await client.callTool({ name: "add", arguments: { a: "two" } });
    expect(wrong).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("expected number") }],
    });
    const known = await client.callTool({ name: "failing", arguments: { how: "known" } });
    expect(known).toMatchObject({
      isError: true,
      content: [{ text: "RESOURCE_NOT_FOUND: There is no such thing." }],
    });
    const unknown = await client.callTool({ name: "failing", arguments: { how: "unknown" } });
    expect(unknown).toMatchObject({
      isError: true,
      content: [{ text: "TOOL_EXECUTION_FAILED: The tool failing has failed." }],
    });
  });

  it("stops a tool by giving it up", async () => {
    const kit = toolkit();
    const started = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const waiting: McpToolkit = {
      ...kit,
      callToolFunction: (use, options) => {
        options?.signal?.addEventListener("abort", () => stopped.resolve());
        started.resolve();
        return kit.callToolFunction(use, options);
      },
    };
    const client = await connect(await serve(app({}, waiting)), revision);
    const abort = new AbortController();
    const call = client.callTool({ name: "echo", arguments: { text: "wait" } }, { signal: abort.signal });
    await started.promise;
    abort.abort();
    await expect(call).rejects.toThrow();
    await stopped.promise;
  });

  it("tells the tools who calls", async () => {
    const authenticate = () => ({ userId: "alice" });
    const client = await connect(await serve(app({ authenticate })), revision);
    await expect(client.callTool({ name: "whoami" })).resolves.toMatchObject({
      content: [{ text: "alice" }],
    });
  });

  it("gets the prompts of the app", async () => {
    const client = await connect(await serve(app()), revision);
    await expect(client.listPrompts()).resolves.toMatchObject({
      prompts: [
        {
          name: "greet",
          description: "Greets somebody.",
          arguments: [
            { name: "name", description: "Who.", required: true },
            { name: "tone", required: false },
          ],
        },
        { name: "talk" },
      ],
    });
    await expect(client.getPrompt({ name: "greet", arguments: { name: "Ann" } })).resolves.toMatchObject({
      messages: [{ role: "user", content: { type: "text", text: "Greet Ann kindly." } }],
    });
    await expect(client.getPrompt({ name: "talk" })).resolves.toMatchObject({
      messages: [{}, { role: "assistant" }],
    });
    await expect(client.getPrompt({ name: "greet" })).rejects.toMatchObject({ code: -32602 });
    await expect(client.getPrompt({ name: "nothing" })).rejects.toMatchObject({ code: -32602 });
  });
});

it("cancels a tool of the app for a client of 2025-11-25 that says so", async () => {
  const kit = toolkit();
  const url = await serve(app({}, kit));
  const headers = await introduce(url);
  const waits = {
    ...call(4),
    params: { name: "echo", arguments: { text: "wait" }, _meta: { progressToken: 1 } },
  };
  const answer = await post(url, waits, headers);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let read = "";
  while (!read.includes('"progress"')) read += (await reader?.read())?.value;
  await post(url, { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 4 } }, headers);
  while ((await reader?.read())?.done === false);
});

it("does not serve two tools, or prompts, of one name", async () => {
  const twice = (options: Parameters<typeof mcp>[0]) =>
    mcpApp({ protocols: [mcp(options)] })
      .query(text(), () => "ok")
      .run({ port: 0 });
  await expect(twice({ tools: [add, add] })).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
  await expect(twice({ tools: [{ ...add, name: "Friday" }] })).rejects.toMatchObject({
    code: "CONFIGURATION_ERROR",
  });
  const [prompt] = prompts;
  await expect(twice({ prompts: [prompt, prompt] as never })).rejects.toMatchObject({
    code: "CONFIGURATION_ERROR",
  });
});
