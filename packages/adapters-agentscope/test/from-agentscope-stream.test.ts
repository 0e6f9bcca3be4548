import type { Content } from "@agentscope-runtime/agent-api";
import {
  type ContentBlock,
  type FinishedReason,
  Msg,
  type ToolResultState,
} from "@agentscope-runtime/agentscope";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryBlock } from "./arbitrary-msgs.ts";
import { entriesOf, partsOf } from "./assemble.ts";
import {
  brokenOff,
  callBlock,
  type Printed,
  resultSteps,
  snapshots,
  textSteps,
  withoutDeltas,
} from "./script.ts";

const text = (value: string): ContentBlock => ({ type: "text", text: value });

/** Snapshots of one message that do not say what is new; the last one ends it. */
function growing(id: string, ...contents: readonly (string | readonly ContentBlock[])[]): readonly Printed[] {
  return contents.map((content, place) => [
    new Msg("Friday", content, "assistant", { id }),
    place === contents.length - 1,
  ]);
}

/** The messages of a run: id, type and what each slot holds. */
async function outputOf(printed: Iterable<Printed>): Promise<unknown[]> {
  const last = (await entriesOf(printed)).at(-1)?.event;
  const output = last?.object === "response" ? (last.output ?? []) : [];
  return output.map(({ id, type, content }) => [id, type, ...(content ?? []).map(shownIn)]);
}

function shownIn(slot: Content): unknown {
  if (slot.type === "data") return slot.data?.arguments ?? slot.data?.output ?? slot.data;
  if (slot.type === "image") return slot.image_url;
  return slot.type === "text" ? slot.text : slot.type;
}

describe("text", () => {
  it("may be a string", async () => {
    expect(await outputOf([...growing("M1", "a", "ab"), ...growing("M2", "c")])).toEqual([
      ["msg_M1", "message", "ab"],
      ["msg_M2", "message", "c"],
    ]);
  });

  it("that was written anew is a message of its own, and not said twice", async () => {
    expect(await outputOf(growing("M1", "Hello", "Hi", "Hi there"))).toEqual([
      ["msg_M1", "message", "Hello"],
      ["msg_M1_1", "message", "Hi there"],
    ]);
  });

  it("of a late older snapshot says nothing new", async () => {
    expect(await outputOf(growing("M1", "Hello", "He", "Hello!"))).toEqual([["msg_M1", "message", "Hello!"]]);
  });

  it("in two blocks is two messages", async () => {
    expect(await outputOf(growing("M1", [text("a"), text("b")]))).toEqual([
      ["msg_M1", "message", "a"],
      ["msg_M1_1", "message", "b"],
    ]);
  });

  it("is a message of its own before and after reasoning, also where that stays empty", async () => {
    const thinking: ContentBlock = { type: "thinking", thinking: "" };
    const image: ContentBlock = { type: "image", source: { type: "url", url: "http://x/y.png" } };
    expect(await outputOf(growing("M1", [text("a"), thinking, image]))).toEqual([
      ["msg_M1", "message", "a"],
      ["msg_M1_1", "message", "http://x/y.png"],
    ]);
  });

  it("of a message that is printed once more is not repeated", async () => {
    const usage = { input_tokens: 1, output_tokens: 1, time: 1 };
    const msg = new Msg("Friday", "a", "assistant", { id: "M1", usage });
    const entries = await entriesOf([
      [msg, true],
      [msg, true],
      [msg, false],
    ]);
    expect(entries.at(-1)?.event).toMatchObject({ output: [{ id: "msg_M1" }], usage });
    expect(entries).toHaveLength(7);
  });

  it("that never gets its last snapshot ends with the stream", async () => {
    const open = [...snapshots("M1", textSteps(["a"]), true), ...snapshots("M2", textSteps(["b"]), true)];
    const parts = await partsOf(open);
    expect(parts.slice(-2)).toEqual([
      { kind: "message-end", messageId: "M1", status: "completed" },
      { kind: "message-end", messageId: "M2", status: "completed" },
    ]);
  });

  it("of several messages may grow at the same time", async () => {
    const [a, b] = [snapshots("M1", textSteps(["a", "b"])), snapshots("M2", textSteps(["c", "d"]))];
    const mixed = [a[0], b[0], b[1], a[1]].filter((item) => item !== undefined);
    for (const printed of [mixed, withoutDeltas(mixed)]) {
      expect(await outputOf(printed)).toEqual([
        ["msg_M2", "message", "cd"],
        ["msg_M1", "message", "ab"],
      ]);
    }
  });
});

describe("deltas", () => {
  const steps = textSteps(["a", "b", "c", "d"]);

  it("are taken at their word", async () => {
    // The contents say otherwise, so that it shows which of the two was read.
    const lying = steps.map((step) => ({ ...step, content: [text("?")] }));
    expect(await outputOf(snapshots("M1", lying))).toEqual([["msg_M1", "message", "abcd"]]);
  });

  it("are not needed where snapshots were left out, which may happen anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray([0, 1, 2]), fc.subarray([0, 1, 2, 3]), async (kept, plain) => {
        const all = snapshots("M1", steps);
        const bare = withoutDeltas(all);
        const printed = [...kept, 3].map((place) => (plain.includes(place) ? bare : all)[place]);
        const found = printed.filter((item) => item !== undefined);
        expect(await outputOf(found)).toEqual([["msg_M1", "message", "abcd"]]);
      }),
    );
  });
});

describe("a tool call", () => {
  const block = (input: Record<string, unknown>, rest: object = {}): ContentBlock => ({
    type: "tool_use",
    id: "call_1",
    name: "add",
    input,
    ...rest,
  });

  it("that comes whole has its arguments at once", async () => {
    expect(await partsOf(growing("M1", [block({ city: "Zürich" })]))).toMatchObject([
      { kind: "message-start", messageId: "M1", role: "assistant" },
      { kind: "tool-call", callId: "call_1", name: "add", messageId: "M1", arguments: '{"city":"Zürich"}' },
      { kind: "message-end" },
    ]);
  });

  it("whose input grows as an object has its arguments at the end", async () => {
    const printed = growing("M1", [block({})], [block({ a: 1 })], [block({ a: 1, b: 2 })]);
    expect(await outputOf(printed)).toEqual([["msg_call_1", "plugin_call", '{"a":1,"b":2}']]);
  });

  it("without arguments has those of an empty object", async () => {
    expect(await outputOf(growing("M1", [block({}, { raw_input: "" })]))).toEqual([
      ["msg_call_1", "plugin_call", "{}"],
    ]);
  });

  it("has its arguments before its result, whenever that comes", async () => {
    const printed = [...growing("M1", [block({ a: 1 })], []).slice(0, 1), ...growing("M2", resultBlock())];
    expect(await outputOf(printed)).toEqual([
      ["msg_call_1", "plugin_call", '{"a":1}'],
      ["msg_call_1_output", "plugin_call_output", '"3"'],
    ]);
  });

  it("ends when another block begins, if its arguments are complete", async () => {
    const kinds = async (raw: string) => {
      const first = [callBlock("call_1", raw)];
      const parts = await partsOf(growing("M1", first, [...first, callBlock("call_2", "{}")], []));
      return parts.map((part) => ("callId" in part ? `${part.kind} ${part.callId}` : part.kind)).slice(1, 5);
    };
    expect(await kinds('{"a":1}')).toEqual([
      "tool-call call_1",
      "tool-arguments-delta call_1",
      "tool-call-end call_1",
      "tool-call call_2",
    ]);
    expect(await kinds('{"a":')).toEqual([
      "tool-call call_1",
      "tool-arguments-delta call_1",
      "tool-call call_2",
      "tool-arguments-delta call_2",
    ]);
  });

  it("ends with its message, also where the last snapshot has lost it", async () => {
    expect(await outputOf([...growing("M1", [block({ a: 1 })], []), ...growing("M2", "b")])).toEqual([
      ["msg_call_1", "plugin_call", '{"a":1}'],
      ["msg_M2", "message", "b"],
    ]);
  });

  it("of an MCP server names the server", async () => {
    const mcp = block({}, { tool_type: "mcp", server_label: "maps" });
    expect(await outputOf(growing("M1", [mcp]))).toEqual([["msg_call_1", "mcp_call", "{}"]]);
    expect(await partsOf(growing("M1", [mcp]))).toMatchObject([
      {},
      { toolType: "mcp", serverLabel: "maps" },
      {},
    ]);
  });

  it("may use the id of an earlier one", async () => {
    const turn = (id: string, a: number) => [
      ...growing(id, [block({ a })]),
      ...growing(`${id}r`, resultBlock()),
    ];
    expect(await outputOf([...turn("M1", 1), ...turn("M2", 2)])).toEqual([
      ["msg_call_1", "plugin_call", '{"a":1}'],
      ["msg_call_1_output", "plugin_call_output", '"3"'],
      ["msg_call_1~2", "plugin_call", '{"a":2}'],
      ["msg_call_1_output~2", "plugin_call_output", '"3"'],
    ]);
  });

  function resultBlock(): readonly ContentBlock[] {
    return [{ type: "tool_result", id: "call_1", name: "add", output: "3" }];
  }
});

describe("a message that broke off", () => {
  /** The messages of a run: id and status. */
  async function statusesOf(printed: Iterable<Printed>): Promise<unknown[]> {
    const last = (await entriesOf(printed)).at(-1)?.event;
    const output = last?.object === "response" ? (last.output ?? []) : [];
    return output.map(({ id, status, content }) => [id, status, content?.at(-1)?.status]);
  }
  const cut = (content: readonly ContentBlock[]) =>
    new Msg("Friday", content, "assistant", { id: "M1", finishedReason: "interrupted" });

  it.each(["interrupted", "error", "length", "content_filter"] as const)(
    "is incomplete: %s",
    async (reason) => {
      const printed = brokenOff(snapshots("M1", textSteps(["Once", " upon"]), true), reason);
      for (const each of [printed, withoutDeltas(printed), withoutDeltas(printed.slice(-1))]) {
        expect(await statusesOf(each)).toEqual([["msg_M1", "incomplete", "incomplete"]]);
      }
      expect(await statusesOf(brokenOff(printed.slice(0, 1), "exceed_max_iters"))).toEqual([
        ["msg_M1", "completed", "completed"],
      ]);
    },
  );

  it("is incomplete where it broke off, and in every call whose arguments are not whole", async () => {
    const blocks = [
      text("a"),
      callBlock("call_1", '{"a":'),
      callBlock("call_2", '{"a":1}'),
      callBlock("call_3", "{}"),
    ];
    const whole = growing("M1", ...blocks.map((_, place) => blocks.slice(0, place + 1)));
    for (const printed of [[[cut(blocks), true]] as const, brokenOff(whole.slice(0, -1), "error")]) {
      const statuses = await statusesOf(printed);
      expect(statuses.slice(0, 1)).toEqual([["msg_M1", "completed", "completed"]]);
      expect(statuses).toContainEqual(["msg_call_1", "incomplete", "incomplete"]);
    }
    expect(await statusesOf([[cut(blocks), true]])).toEqual([
      ["msg_M1", "completed", "completed"],
      ["msg_call_1", "incomplete", "incomplete"],
      ["msg_call_2", "completed", "completed"],
      ["msg_call_3", "incomplete", "incomplete"],
    ]);
  });

  it("may be a tool's result", async () => {
    const result = (state: ToolResultState): readonly Printed[] =>
      growing("M1", [{ type: "tool_result", id: "call_1", name: "add", output: "so far", state }]);
    const ends = async (state: ToolResultState) => (await statusesOf(result(state))).flat()[1];
    expect(await ends("interrupted")).toBe("incomplete");
    expect(await ends("running")).toBe("incomplete");
    for (const state of ["success", "error", "denied"] as const) expect(await ends(state)).toBe("completed");
  });
});

describe("the end of the run", () => {
  const says = (id: string, finishedReason?: FinishedReason): Printed => [
    new Msg("Friday", "a", "assistant", { id, finishedReason }),
    true,
  ];
  const finishesOf = async (printed: Iterable<Printed>) =>
    (await partsOf(printed)).flatMap((part) => (part.kind === "finish" ? [part.reason] : []));

  it("has the reason of the agent's last message", async () => {
    expect(await finishesOf([says("M1", "length")])).toEqual(["max_output_tokens"]);
    expect(await finishesOf([says("M1", "content_filter")])).toEqual(["content_filter"]);
    expect(await finishesOf([says("M1", "exceed_max_iters")])).toEqual(["max_iterations"]);
    expect(await finishesOf([says("M1", "length"), says("M2")])).toEqual(["max_output_tokens", "stop"]);
    for (const reason of ["completed", "interrupted", "error", undefined] as const) {
      expect(await finishesOf([says("M1", reason)])).toEqual([]);
    }
  });

  it("is not told by a tool's result that comes later", async () => {
    const denied = snapshots("M2", resultSteps("call_1", ["denied"]));
    expect(await finishesOf([says("M1", "exceed_max_iters"), ...denied])).toEqual(["max_iterations"]);
  });
});

it("shows a tool's output while it grows", async () => {
  const parts = await partsOf(snapshots("M1", resultSteps("call_1", ["a", "ab", "ab"])));
  expect(parts.filter((part) => part.kind === "tool-result")).toEqual(
    ["a", "ab", "ab"].map((output, place) => ({
      kind: "tool-result",
      callId: "call_1",
      name: "get_weather",
      output: [{ type: "text", text: output }],
      final: place === 2,
      ...(place === 2 ? { status: "completed" } : {}),
    })),
  );
});

it("shows media once, and once more if they have changed at the end", async () => {
  const image = (url: string): ContentBlock => ({ type: "image", source: { type: "url", url } });
  expect(await outputOf(growing("M1", [image("a")], [image("a"), text("b")]))).toEqual([
    ["msg_M1", "message", "a", "b"],
  ]);
  expect(await outputOf(growing("M1", [image("a")], [image("b")], [image("c")]))).toEqual([
    ["msg_M1", "message", "a", "c"],
  ]);
});

it("shows blocks it does not know as data", async () => {
  const block = { type: "hint", hint: "x" } as unknown as ContentBlock;
  expect(await outputOf(growing("M1", [block]))).toEqual([
    ["msg_M1", "message", { type: "hint", hint: "x" }],
  ]);
});

it("takes messages of any blocks in any order", async () => {
  const content = fc.array(arbitraryBlock, { maxLength: 4 });
  const item = fc.tuple(fc.constantFrom("M1", "M2"), content, fc.boolean());
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 8 }), async (items) => {
      const printed = items.map(
        ([id, blocks, last]) => [new Msg("a", blocks, "assistant", { id }), last] as const,
      );
      const entries = await entriesOf(printed);
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, place) => place));
      expect(entries.at(-1)?.event).toMatchObject({ status: "completed" });
    }),
    { numRuns: 300 },
  );
});

it.each([["a string"], [new Msg("a", "b", "assistant")], [[new Msg("a", "b", "assistant")]], [null]])(
  "refuses an item that is no snapshot: %s",
  async (item) => {
    await expect(partsOf([item])).rejects.toMatchObject({
      code: "AGENT_ERROR",
      message: expect.stringContaining("[msg, last]"),
    });
  },
);
