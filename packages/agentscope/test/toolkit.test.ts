import { type ToolChunk, Toolkit, type ToolUseBlock, tool } from "@agentscope-runtime/agentscope";
import { expect, test } from "vitest";
import { z } from "zod";
import { collect } from "./conversation.ts";

const greet = tool({
  name: "greet",
  description: "Greets.",
  parameters: z.object({
    name: z.string().describe("Whom."),
    loud: z.boolean().default(false),
    key: z.string().optional(),
  }),
  execute: ({ name, loud, key }) => `${loud ? name.toUpperCase() : name}${key ?? ""}`,
});

function call(input: Record<string, unknown>, name = "greet"): ToolUseBlock {
  return { type: "tool_use", id: "call_1", name, input };
}

function textOf(chunk: ToolChunk | undefined): string {
  return (chunk?.content ?? []).map((block) => (block.type === "text" ? block.text : block.type)).join("");
}

async function last(toolkit: Toolkit, block: ToolUseBlock, signal?: AbortSignal): Promise<ToolChunk> {
  const chunks = await collect(toolkit.callToolFunction(block, { signal }));
  expect(chunks.map((chunk) => chunk.isLast)).toEqual([...chunks.slice(1).map(() => false), true]);
  return chunks.at(-1) as ToolChunk;
}

test("the schema is that of the input: a default makes a parameter optional, presets are not in it", () => {
  const toolkit = new Toolkit().registerToolFunction(greet, { preset: { key: "!" } });
  expect(toolkit.getJsonSchemas()).toEqual([
    {
      type: "function",
      function: {
        name: "greet",
        description: "Greets.",
        parameters: {
          type: "object",
          properties: {
            name: { type: "string", description: "Whom." },
            loud: { type: "boolean", default: false },
          },
          required: ["name"],
        },
      },
    },
  ]);
});

test("input is validated: defaults are filled in, unknown keys dropped, mistakes explained", async () => {
  const toolkit = new Toolkit([greet]);
  expect(await last(toolkit, call({ name: "Bob", extra: 1 }))).toEqual({
    content: [{ type: "text", text: "Bob" }],
    state: "success",
    isLast: true,
  });
  const wrong = await last(toolkit, call({ loud: "yes" }));
  expect(wrong.state).toBe("error");
  expect(textOf(wrong)).toMatch(/^InvalidArgumentsError: .*name/s);
});

test("presets beat what the model says", async () => {
  const toolkit = new Toolkit().registerToolFunction(greet, { preset: { key: "!" } });
  expect(textOf(await last(toolkit, call({ name: "Bob", key: "?" })))).toBe("Bob!");
});

test("a tool may go on filling the list it has yielded without changing what was yielded", async () => {
  const fills = tool({
    name: "fills",
    description: "",
    parameters: z.object({}),
    async *execute() {
      const content: { type: "text"; text: string }[] = [];
      for (const text of ["a", "b"]) {
        content.push({ type: "text", text });
        yield { content };
      }
    },
  });
  const chunks = await collect(new Toolkit([fills]).callToolFunction(call({}, "fills")));
  expect(chunks.map(textOf)).toEqual(["a", "ab", "ab"]);
});

test("an unknown tool, a throwing tool and a tool that returns nonsense are results in the state error", async () => {
  const parameters = z.object({});
  const toolkit = new Toolkit([
    tool({
      name: "throws",
      description: "",
      parameters,
      execute: () => {
        throw new Error("No luck.");
      },
    }),
    tool({
      name: "breaks",
      description: "",
      parameters,
      async *execute() {
        yield "so far";
        throw new Error("No luck.");
      },
    }),
    tool({ name: "nonsense", description: "", parameters, execute: () => 7 as never }),
    tool({ name: "silent", description: "", parameters, async *execute() {} }),
  ]);
  for (const [name, text] of [
    ["missing", "FunctionNotFoundError: Cannot find the function named missing."],
    ["throws", "Error: No luck."],
    ["breaks", "so farError: No luck."],
    ["nonsense", "Error: The tool returned neither a string nor a ToolResponse."],
    ["silent", "Error: The tool returned nothing."],
  ] as const) {
    const chunk = await last(toolkit, call({}, name));
    expect([chunk.state, textOf(chunk)]).toEqual(["error", text]);
  }
});

test("what a response says about itself is kept", async () => {
  const response = {
    content: [{ type: "text", text: "No." }],
    state: "error",
    metadata: { code: 1 },
  } as const;
  const toolkit = new Toolkit([
    tool({ name: "responds", description: "", parameters: z.object({}), execute: async () => response }),
  ]);
  expect(await last(toolkit, call({}, "responds"))).toEqual({ ...response, isLast: true });
});

test("a name that is taken is an error, unless told otherwise", async () => {
  const other = { ...greet, execute: () => "other" };
  expect(() => new Toolkit([greet, greet])).toThrow(/registered already/);
  const skipped = new Toolkit([greet]).registerToolFunction(other, { onConflict: "skip" });
  expect(textOf(await last(skipped, call({ name: "Bob" })))).toBe("Bob");
  const replaced = new Toolkit([greet]).registerToolFunction(other, { onConflict: "override" });
  expect(textOf(await last(replaced, call({ name: "Bob" })))).toBe("other");
  const renamed = new Toolkit([greet]).registerToolFunction(other, { onConflict: "rename" });
  expect(renamed.getJsonSchemas().map((schema) => schema.function.name)).toEqual([
    "greet",
    expect.stringMatching(/^greet_\w{1,5}$/),
  ]);
});

test("postprocess sees every chunk and may replace it; its failure is the call's", async () => {
  const toolkit = new Toolkit()
    .registerToolFunction(greet, {
      postprocess: (block, { content }) => ({
        content: [...content, { type: "text", text: `(${block.id})` }],
      }),
    })
    .registerToolFunction(
      { ...greet, name: "fails" },
      {
        postprocess: () => {
          throw new Error("No luck.");
        },
      },
    );
  expect(textOf(await last(toolkit, call({ name: "Bob" })))).toBe("Bob(call_1)");
  expect((await last(toolkit, call({ name: "Bob" }, "fails"))).state).toBe("error");
});

function patient(onAbort: "throw" | "answer" | "nothing") {
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const toolkit = new Toolkit(
    [
      tool({
        name: "patient",
        description: "",
        parameters: z.object({}),
        execute: (_input, { signal }) => {
          begun.resolve();
          return new Promise<string>((resolve, reject) => {
            signal.addEventListener("abort", () => {
              stopped.resolve();
              if (onAbort === "throw") reject(signal.reason);
              if (onAbort === "answer") resolve("just in time");
            });
          });
        },
      }),
    ],
    { abortGrace: 20 },
  );
  return { toolkit, begun: begun.promise, stopped: stopped.promise };
}

test("an aborted tool is interrupted, also one that does not listen; one that still answers in time is heard", async () => {
  for (const [onAbort, state] of [
    ["throw", "interrupted"],
    ["nothing", "interrupted"],
    ["answer", "success"],
  ] as const) {
    const { toolkit, begun } = patient(onAbort);
    const controller = new AbortController();
    const result = last(toolkit, call({}, "patient"), controller.signal);
    await begun;
    controller.abort();
    expect((await result).state).toBe(state);
  }
});

test("an aborted signal keeps a tool from being run", async () => {
  const chunk = await last(new Toolkit([greet]), call({ name: "Bob" }), AbortSignal.abort());
  expect(chunk.state).toBe("interrupted");
});

test("leaving the loop aborts the tool", async () => {
  const aborted = Promise.withResolvers<void>();
  const toolkit = new Toolkit([
    tool({
      name: "endless",
      description: "",
      parameters: z.object({}),
      async *execute(_input, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve());
        for (;;) yield "more";
      },
    }),
  ]);
  for await (const chunk of toolkit.callToolFunction(call({}, "endless"))) {
    expect(chunk.state).toBe("running");
    break;
  }
  await aborted.promise;
});

test("a tool with its own types fits wherever a tool is expected", () => {
  const tools = [
    greet,
    tool({
      name: "other",
      description: "",
      parameters: z.object({ n: z.number() }),
      execute: ({ n }) => `${n}`,
    }),
  ];
  expect(new Toolkit(tools).getJsonSchemas()).toHaveLength(2);
});
