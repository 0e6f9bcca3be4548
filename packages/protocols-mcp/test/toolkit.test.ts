import { Toolkit, tool } from "@agentscope-runtime/agentscope";
import { text } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { connect, mcpApp, revisions, serve } from "./support/serve.ts";

const greet = tool({
  name: "greet",
  description: "Greets somebody.",
  parameters: z.object({ name: z.string().describe("Whom."), loud: z.boolean().default(false) }),
  execute: ({ name, loud }) => (loud ? name.toUpperCase() : name),
});
const count = tool({
  name: "count",
  description: "Counts.",
  parameters: z.object({ to: z.number() }),
  async *execute({ to }) {
    let said = "";
    for (let number = 1; number <= to; number++) {
      said += `${number} `;
      yield said;
    }
  },
});
const draw = tool({
  name: "draw",
  description: "Draws.",
  parameters: z.object({}),
  execute: () => ({
    content: [
      { type: "text", text: "Here:" },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } },
    ],
  }),
});
const broken = tool({
  name: "broken",
  description: "Fails.",
  parameters: z.object({}),
  execute: () => {
    throw new Error("It is broken.");
  },
});

const served = async (toolkit: Toolkit) =>
  serve(mcpApp({}, { toolkits: [toolkit] }).query(text(), () => "ok"));

describe.each(revisions)("a client of %s", (revision) => {
  it("finds the tools of a Toolkit beside the agents, by the schemas that models get", async () => {
    const toolkit = new Toolkit([greet, count]);
    const { tools } = await (await connect(await served(toolkit), revision)).listTools();
    expect(tools.map(({ name }) => name)).toEqual(["Friday", "greet", "count"]);
    expect(tools[1]).toMatchObject({
      description: "Greets somebody.",
      inputSchema: {
        type: "object",
        properties: { name: { type: "string", description: "Whom." }, loud: { type: "boolean" } },
        required: ["name"],
      },
    });
  });

  it("calls them: defaults are filled in, presets are not the client's, mistakes are explained", async () => {
    const toolkit = new Toolkit([count]).registerToolFunction(greet, { preset: { loud: true } });
    const client = await connect(await served(toolkit), revision);
    const { tools } = await client.listTools();
    expect(Object.keys(tools.at(-1)?.inputSchema.properties ?? {})).toEqual(["name"]);
    const greeted = await client.callTool({ name: "greet", arguments: { name: "Bob", loud: false } });
    expect(greeted).toMatchObject({ content: [{ type: "text", text: "BOB" }] });
    const wrong = await client.callTool({ name: "greet", arguments: { name: 5 } });
    expect(wrong).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("name") }] });
  });

  it("sees a tool at work, and its media", async () => {
    const client = await connect(await served(new Toolkit([count, draw])), revision);
    const progress: string[] = [];
    const counted = await client.callTool(
      { name: "count", arguments: { to: 3 } },
      { onprogress: ({ message = "" }) => progress.push(message) },
    );
    expect(counted).toMatchObject({ content: [{ text: "1 2 3 " }] });
    // What was said last is the result.
    expect("1 2 3 ".startsWith(progress.join(""))).toBe(true);
    expect(progress.join("")).toContain("1 2 ");
    expect(await client.callTool({ name: "draw", arguments: {} })).toMatchObject({
      content: [{ text: "Here:" }, { type: "image", data: "QUJD", mimeType: "image/png" }],
    });
  });

  it("is told of a tool that fails, as its model would be", async () => {
    const client = await connect(await served(new Toolkit([broken])), revision);
    const result = await client.callTool({ name: "broken", arguments: {} });
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("It is broken.") }],
    });
  });

  it("stops a tool by giving the call up", async () => {
    const started = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const wait = tool({
      name: "wait",
      description: "Waits.",
      parameters: z.object({}),
      execute: async (_, { signal }) => {
        signal.addEventListener("abort", () => stopped.resolve());
        started.resolve();
        await stopped.promise;
        return "stopped";
      },
    });
    const client = await connect(await served(new Toolkit([wait])), revision);
    const abort = new AbortController();
    const call = client.callTool({ name: "wait", arguments: {} }, { signal: abort.signal });
    const lost = expect(call).rejects.toThrow();
    await started.promise;
    abort.abort();
    await lost;
    await stopped.promise;
  });
});
