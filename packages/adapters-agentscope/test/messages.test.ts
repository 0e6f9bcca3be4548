import { fromAgentscopeMessages, toAgentscopeMessages } from "@agentscope-runtime/adapters-agentscope";
import { Message, type MessageInput } from "@agentscope-runtime/agent-api";
import { type ContentBlock, Msg } from "@agentscope-runtime/agentscope";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryMsgs } from "./arbitrary-msgs.ts";
import { entriesOf } from "./assemble.ts";

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function toBlocks(message: MessageInput): readonly ContentBlock[] {
  const [msg] = toAgentscopeMessages([Message.parse(message)]);
  return msg?.getContentBlocks() ?? [];
}

function isBlank({ content }: Message): boolean {
  return content?.every((slot) => slot.type === "text" && slot.text === "") ?? true;
}

describe("stored messages", () => {
  it("become the very messages they were made of", () => {
    fc.assert(
      fc.property(arbitraryMsgs, (msgs) => {
        const stored = json(fromAgentscopeMessages(msgs)) as Message[];
        expect(toAgentscopeMessages(stored).map((msg) => msg.toJSON())).toEqual(
          msgs.map((msg) => msg.toJSON()),
        );
      }),
      { numRuns: 400 },
    );
  });

  it("are valid and have ids that differ", () => {
    fc.assert(
      fc.property(arbitraryMsgs, (msgs) => {
        const stored = fromAgentscopeMessages(msgs);
        for (const message of stored) expect(json(Message.parse(json(message)))).toEqual(json(message));
        expect(new Set(stored.map(({ id }) => id)).size).toBe(stored.length);
      }),
    );
  });

  it("have the ids and types they have in the stream", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryMsgs, async (msgs) => {
        // A message that says nothing does not show in a stream, and takes no id away there.
        const spoken = msgs.filter((msg) => !fromAgentscopeMessages([msg]).every(isBlank));
        const stored = fromAgentscopeMessages(spoken);
        const last = (await entriesOf(spoken.map((msg) => [msg, true] as const))).at(-1)?.event;
        const streamed = last?.object === "response" ? (last.output ?? []) : [];
        const inShort = ({ id, type, role }: Message) => [id, type, role];
        expect(streamed.map(inShort)).toEqual(stored.filter((message) => !isBlank(message)).map(inShort));
      }),
    );
  });

  it("say what broke off, as the stream does", async () => {
    const text = fc.record({ type: fc.constant("text" as const), text: fc.constantFrom("a", "b") });
    const thinking = fc.record({
      type: fc.constant("thinking" as const),
      thinking: fc.constantFrom("a", "b"),
    });
    const call = fc.record({
      type: fc.constant("tool_use" as const),
      id: fc.constantFrom("call_1", "call_2", "call_3", "call_4"),
      name: fc.constant("add"),
      input: fc.constant({}),
      raw_input: fc.constantFrom("", "{}", '{"a":', '{"a":1}', undefined),
    });
    const state = fc.constantFrom("running", "success", "error", "interrupted", "denied", undefined);
    const content = fc.uniqueArray(fc.oneof(text, thinking, call), {
      minLength: 1,
      maxLength: 5,
      selector: (block) => (block.type === "tool_use" ? block.id : block),
    });
    const reason = fc.constantFrom("interrupted", "error", "length", "exceed_max_iters", undefined);
    await fc.assert(
      fc.asyncProperty(content, reason, state, async (blocks, finishedReason, ended) => {
        const result = { type: "tool_result", id: "call_5", name: "add", output: "3", state: ended } as const;
        const msgs = [
          new Msg("Friday", blocks, "assistant", { id: "M1", finishedReason }),
          new Msg("system", [result], "system", { id: "M2" }),
        ];
        const last = (await entriesOf(msgs.map((msg) => [msg, true] as const))).at(-1)?.event;
        const streamed = last?.object === "response" ? (last.output ?? []) : [];
        const inShort = ({ id, status, content }: Message) =>
          [id, status, ...(content ?? []).map((slot) => slot.status)].join(" ");
        expect(streamed.map(inShort)).toEqual(fromAgentscopeMessages(msgs).map(inShort));
      }),
      { numRuns: 300 },
    );
  });

  it("of another origin that are incomplete were interrupted", () => {
    const read = (message: MessageInput) => toAgentscopeMessages([Message.parse(message)])[0];
    const cut: MessageInput = {
      role: "assistant",
      status: "incomplete",
      content: [{ type: "text", text: "Once" }],
    };
    expect(read(cut)?.finishedReason).toBe("interrupted");
    expect(read({ ...cut, status: "completed" })?.finishedReason).toBeUndefined();
    const data = { call_id: "call_1", name: "add", output: '"3"' };
    const output = read({
      type: "plugin_call_output",
      status: "incomplete",
      content: [{ type: "data", data }],
    });
    expect(output?.content).toMatchObject([{ type: "tool_result", state: "interrupted" }]);
    expect(output?.finishedReason).toBeUndefined();
  });

  it("say in the clear what an agent wrote", () => {
    const msg = new Msg(
      "Friday",
      [
        { type: "thinking", thinking: "hm", signature: "s" },
        { type: "text", text: "See" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } },
        { type: "tool_use", id: "call_1", name: "get_weather", input: { city: "Zürich" } },
      ],
      "assistant",
      { id: "M1", timestamp: "2025-12-06 06:26:40.000", metadata: { a: 1 } },
    );
    const metadata = {
      original_id: "M1",
      original_name: "Friday",
      timestamp: "2025-12-06 06:26:40.000",
      metadata: { a: 1 },
    };
    expect(fromAgentscopeMessages([msg])).toMatchObject([
      {
        id: "msg_M1",
        type: "reasoning",
        role: "assistant",
        status: "completed",
        content: [{ type: "text", index: 0, msg_id: "msg_M1", text: "hm" }],
        metadata: { ...metadata, original_blocks: { 0: { signature: "s" } } },
      },
      {
        id: "msg_M1_1",
        type: "message",
        content: [
          { type: "text", index: 0, text: "See" },
          { type: "image", index: 1, image_url: "data:image/png;base64,QUJD" },
        ],
        metadata,
      },
      {
        id: "msg_call_1",
        type: "plugin_call",
        content: [{ data: { call_id: "call_1", name: "get_weather", arguments: '{"city":"Zürich"}' } }],
        metadata,
      },
    ]);
  });

  it("keep the state and the media of a tool's result, and who it is from", () => {
    const output = [
      { type: "text", text: "a map" },
      { type: "image", source: { type: "url", url: "http://x/y.png" } },
    ] as const;
    const block = { type: "tool_result", id: "call_1", name: "map", output, state: "error" } as const;
    const [stored, ...more] = fromAgentscopeMessages([new Msg("system", [block], "system", { id: "M2" })]);
    expect(more).toEqual([]);
    expect(stored).toMatchObject({
      id: "msg_call_1_output",
      type: "plugin_call_output",
      role: "tool",
      content: [{ data: { call_id: "call_1", name: "map", output: JSON.stringify(output) } }],
      metadata: { original_role: "system", original_blocks: { 0: { state: "error" } } },
    });
  });
});

describe("messages of a caller", () => {
  const message = (rest: MessageInput) => toAgentscopeMessages([Message.parse(rest)])[0];

  it("say who speaks", () => {
    const who = (rest: MessageInput) => [message(rest)?.name, message(rest)?.role];
    expect(who({ role: "user" })).toEqual(["user", "user"]);
    expect(who({ role: "tool" })).toEqual(["system", "system"]);
    expect(who({})).toEqual(["user", "user"]);
    expect(who({ type: "reasoning" })).toEqual(["assistant", "assistant"]);
    expect(who({ role: "user", metadata: { original_name: "Alice" } })).toEqual(["Alice", "user"]);
  });

  it("keep their ids and metadata", () => {
    expect(message({ id: "msg_1", role: "user", metadata: { source: "web" } })?.toJSON()).toMatchObject({
      id: "msg_1",
      metadata: { source: "web" },
    });
  });

  it("that were one message are one again, in the place of the first", () => {
    const metadata = { original_id: "M1", original_name: "Friday", metadata: { a: 1 } };
    const content = (text: string) => [{ type: "text" as const, text }];
    const msgs = toAgentscopeMessages(
      [
        { role: "assistant", type: "reasoning", metadata, content: content("hm") },
        { role: "user", content: content("wait") },
        {
          role: "assistant",
          metadata: { original_id: "M1", original_name: "Other" },
          content: content("yes"),
        },
      ].map((each) => Message.parse(each)),
    );
    expect(msgs.map(({ id, name, content, metadata }) => ({ id, name, content, metadata }))).toMatchObject([
      {
        id: "M1",
        name: "Friday",
        metadata: { a: 1 },
        content: [
          { type: "thinking", thinking: "hm" },
          { type: "text", text: "yes" },
        ],
      },
      { name: "user", metadata: null },
    ]);
  });

  it.each<[string, MessageInput, readonly unknown[]]>([
    ["no content", { content: null }, []],
    ["an empty list", { content: [] }, []],
    ["reasoning without content", { type: "reasoning", content: [] }, []],
    ["an empty text", { content: [{ type: "text", text: "" }] }, [{ type: "text", text: "" }]],
    ["text that is null", { content: [{ type: "text", text: null }] }, []],
    ["a refusal", { content: [{ type: "refusal", refusal: "No." }] }, [{ type: "text", text: "No." }]],
    ["data", { content: [{ type: "data", data: { a: "ü" } }] }, [{ type: "text", text: '{"a":"ü"}' }]],
    [
      "a video",
      { content: [{ type: "video", video_url: "https://x/y.mp4" }] },
      [{ type: "video", source: { type: "url", url: "https://x/y.mp4" } }],
    ],
    [
      "an image inline",
      { content: [{ type: "image", image_url: "data:image/png;base64,QUJD" }] },
      [{ type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } }],
    ],
    [
      "audio in base64",
      { content: [{ type: "audio", data: "UklGRg==", format: "mp3" }] },
      [{ type: "audio", source: { type: "base64", media_type: "audio/mp3", data: "UklGRg==" } }],
    ],
    [
      "audio by its address",
      { content: [{ type: "audio", data: "https://x/y.wav" }] },
      [{ type: "audio", source: { type: "url", url: "https://x/y.wav" } }],
    ],
    [
      "a file by its address",
      { content: [{ type: "file", file_url: "https://x/report.pdf", filename: "report.pdf" }] },
      [{ type: "text", text: 'The file "report.pdf" can be found at: https://x/report.pdf' }],
    ],
    [
      "a file that is an image",
      { content: [{ type: "file", file_data: "data:image/png;base64,QUJD" }] },
      [{ type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } }],
    ],
    [
      "a file inline",
      { content: [{ type: "file", file_data: "JVBERi0=", filename: "a.pdf" }] },
      [{ type: "text", text: 'The file "a.pdf" was sent along, but can\'t be shown as text.' }],
    ],
    ["an error", { type: "error", message: "It broke." }, [{ type: "text", text: "It broke." }]],
    [
      "blocks that are no blocks",
      {
        content: [{ type: "text", text: "a" }],
        metadata: { original_blocks: { 0: { text: 5 }, 1: "x" }, original_content: 3 },
      },
      [{ type: "text", text: "a" }],
    ],
  ])("may hold %s", (_name, rest, blocks) => {
    expect(toBlocks({ role: "user", ...rest })).toEqual(blocks);
  });

  it.each([
    ["plugin_call", {}],
    ["function_call", { tool_type: "function" }],
    ["component_call", { tool_type: "component" }],
    ["mcp_call", { tool_type: "mcp", server_label: "maps" }],
  ])("may be a %s", (type, rest) => {
    const data = { call_id: "call_1", name: "add", arguments: '{"a":1}', ...rest };
    expect(toBlocks({ type, role: "assistant", content: [{ type: "data", data }] })).toEqual([
      { type: "tool_use", id: "call_1", name: "add", input: { a: 1 }, ...rest },
    ]);
    const result = { call_id: "call_1", name: "add", output: '"2"' };
    expect(
      toBlocks({ type: `${type}_output`, role: "tool", content: [{ type: "data", data: result }] }),
    ).toEqual([{ type: "tool_result", id: "call_1", name: "add", output: "2" }]);
  });

  it.each<[string, unknown, unknown]>([
    ["what is no JSON", "Sunny", { output: "Sunny" }],
    ["a number", "21", { output: "21" }],
    ["an object", '{"temperature":21}', { output: '{"temperature":21}' }],
    ["blocks", '[{"type":"text","text":"a"}]', { output: [{ type: "text", text: "a" }] }],
    [
      "files",
      JSON.stringify([
        { type: "file", file_data: "data:text/plain;base64,QUJD", filename: "a.txt" },
        { type: "file", file_data: "data:image/png;base64,QUJD", filename: "a.png" },
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "QUJD" } },
        { type: "document", source: { type: "url", url: "https://x/y.pdf" } },
      ]),
      {
        output: [
          { type: "text", text: 'The file "a.txt" was sent along, but can\'t be shown as text.' },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } },
          { type: "text", text: "A file was sent along, but can't be shown as text." },
          { type: "text", text: "A file can be found at: https://x/y.pdf" },
        ],
      },
    ],
    ["a list of files", '[{"type":"file","filename":"a"}]', { output: '[{"type":"file","filename":"a"}]' }],
    ["a list of something else", '[{"a":1}]', { output: '[{"a":1}]' }],
    [
      "the result of an MCP call",
      '{"content":[{"type":"text","text":"a"},{"type":"image","data":"QUJD","mimeType":"image/png"}],"isError":true}',
      {
        output: [
          { type: "text", text: "a" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } },
        ],
        state: "error",
      },
    ],
    ["JSON that was not made text", { a: 1 }, { output: '{"a":1}' }],
    ["nothing", null, { output: "" }],
  ])("may have %s as a tool's output", (_name, output, expected) => {
    const content = [{ type: "data" as const, data: { call_id: "call_1", name: "add", output } }];
    expect(toBlocks({ type: "plugin_call_output", content })).toEqual([
      { type: "tool_result", id: "call_1", name: "add", ...(expected as object) },
    ]);
  });

  it("keep arguments that are no JSON", () => {
    const data = { call_id: "call_1", name: "add", arguments: '{"a":' };
    expect(toBlocks({ type: "plugin_call", content: [{ type: "data", data }] })).toEqual([
      { type: "tool_use", id: "call_1", name: "add", input: {}, raw_input: '{"a":' },
    ]);
  });

  it("get a call id where they have none, the same for a call and its output", () => {
    const call = (id: string, type: string, data: Record<string, unknown>) =>
      Message.parse({ id, type, content: [{ type: "data", data }] });
    const msgs = toAgentscopeMessages([
      call("m1", "function_call", { name: "add", arguments: "{}" }),
      call("m2", "function_call_output", { output: "3" }),
      call("m3", "function_call_output", { output: "4" }),
    ]);
    expect(msgs.map((msg) => Reflect.get(msg.content[0] ?? {}, "id"))).toEqual([
      "call_m1",
      "call_m1",
      "call_m3",
    ]);
  });

  it("of any valid kind can be read and stored", () => {
    const data = fc.dictionary(
      fc.constantFrom("call_id", "name", "arguments", "output", "type", "server_label"),
      fc.jsonValue(),
    );
    const text = fc.option(
      fc.oneof(fc.string(), fc.constantFrom("data:", "data:image/png;base64,", "[]", "{}")),
    );
    const slot = fc.oneof(
      fc.record({ type: fc.constant("data" as const), data: fc.option(data) }),
      fc.record({ type: fc.constantFrom("text" as const), text }),
      fc.record({ type: fc.constantFrom("image" as const), image_url: text }),
      fc.record({ type: fc.constantFrom("video" as const), video_url: text }),
      fc.record({ type: fc.constantFrom("refusal" as const), refusal: text }),
      fc.record({ type: fc.constant("audio" as const), data: text, format: text }),
      fc.record({
        type: fc.constant("file" as const),
        file_url: text,
        file_id: text,
        filename: text,
        file_data: text,
      }),
    );
    const own = fc.constantFrom(
      "original_id",
      "original_name",
      "original_role",
      "original_content",
      "original_blocks",
      "metadata",
      "timestamp",
    );
    const metadata = fc.dictionary(
      own,
      fc.oneof(fc.jsonValue(), fc.constantFrom("M1", "string", "user", { 0: { type: "text" } })),
    );
    const type = fc.constantFrom(
      "message",
      "reasoning",
      "error",
      "heartbeat",
      "plugin_call",
      "mcp_call",
      "mcp_call_output",
      "function_call_output",
      "mcp_approval_response",
      "something new",
    );
    const messages = fc.array(
      fc.record({
        type,
        role: fc.constantFrom("user", "assistant", "system", "tool" as const, null),
        content: fc.option(fc.array(slot, { maxLength: 3 })),
        metadata: fc.option(metadata),
        usage: fc.option(fc.dictionary(fc.constantFrom("input_tokens", "time"), fc.jsonValue())),
        message: text,
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(messages, (list) => {
        const msgs = toAgentscopeMessages(list.map((each) => Message.parse(each)));
        const stored = json(fromAgentscopeMessages(msgs)) as Message[];
        for (const each of stored) Message.parse(each);
        expect(toAgentscopeMessages(stored).map((msg) => msg.toJSON())).toEqual(
          json(msgs.map((msg) => msg.toJSON())),
        );
      }),
      { numRuns: 400 },
    );
  });
});
