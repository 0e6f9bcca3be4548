import { type ContentBlock, Msg } from "@agentscope-runtime/agentscope";
import { expect, test } from "vitest";

test("a message has an id of 22 characters and a local timestamp with milliseconds", () => {
  const msg = new Msg("Alice", "Hi", "user");
  expect(msg.id).toMatch(/^[\w-]{22}$/);
  expect(msg.id).not.toBe(new Msg("Alice", "Hi", "user").id);
  expect(msg.timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
  expect(msg.metadata).toBeNull();
});

test("toJSON writes what Python's to_dict writes, in its order", () => {
  const msg = new Msg("Alice", "Hi", "user", {
    id: "a",
    timestamp: "2026-01-02 03:04:05.678",
    invocationId: "i",
  });
  expect(JSON.stringify(msg)).toBe(
    '{"id":"a","name":"Alice","role":"user","content":"Hi","metadata":null,"timestamp":"2026-01-02 03:04:05.678"}',
  );
});

test("fromJSON reads it back, with every block as it was", () => {
  const content: ContentBlock[] = [
    { type: "thinking", thinking: "Hm.", signature: "s" },
    { type: "text", text: "你好" },
    { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
    { type: "audio", source: { type: "base64", media_type: "audio/wav", data: "AAAA" } },
    {
      type: "tool_use",
      id: "c",
      name: "add",
      input: { a: 1 },
      raw_input: '{"a":1}',
      tool_type: "mcp",
      server_label: "m",
    },
    { type: "tool_result", id: "c", name: "add", output: [{ type: "text", text: "1" }], state: "success" },
  ];
  const usage = { input_tokens: 1, output_tokens: 2, time: 0.5 };
  const msg = new Msg("Friday", content, "assistant", { metadata: { a: [1] }, usage });
  const copy = Msg.fromJSON(JSON.parse(JSON.stringify(msg)));
  expect(copy.toJSON()).toEqual(msg.toJSON());
  expect(copy.content).toEqual(content);
  expect(copy.usage).toEqual(usage);
});

test("how a message ended is written only where it is known, and read back", () => {
  const cut = new Msg("Friday", "Once upon", "assistant", { finishedReason: "length" });
  expect(cut.toJSON().finished_reason).toBe("length");
  expect(Msg.fromJSON(cut.toJSON()).finishedReason).toBe("length");
  expect(new Msg("Friday", "Hi", "assistant").toJSON()).not.toHaveProperty("finished_reason");
  expect(Msg.fromJSON({ ...cut.toJSON(), finished_reason: "boredom" }).finishedReason).toBeUndefined();
});

test("fromJSON takes messages of any age: members missing, unknown blocks, content that is no block", () => {
  const old = Msg.fromJSON({ name: "Alice", role: "user", content: "Hi" });
  expect(old.id).toMatch(/^[\w-]{22}$/);
  const odd = Msg.fromJSON({
    name: "Alice",
    role: "user",
    content: [{ type: "hologram", size: 3 }, "plain", null, 7],
    invocation_id: "i",
    usage: "much",
  });
  expect(odd.content).toEqual([
    { type: "hologram", size: 3 },
    { type: "text", text: "plain" },
    { type: "text", text: "null" },
    { type: "text", text: "7" },
  ]);
  expect(odd.invocationId).toBe("i");
  expect(odd.usage).toBeUndefined();
});

test("fromJSON says what is wrong with something that is no message", () => {
  expect(() => Msg.fromJSON({ name: "Alice", role: "robot" as "user", content: "Hi" })).toThrow(/role/);
  expect(() => Msg.fromJSON(null as never)).toThrow(TypeError);
});

test("neither role nor content may be something else", () => {
  expect(() => new Msg("Alice", "Hi", "robot" as "user")).toThrow(/robot/);
  expect(() => new Msg("Alice", {} as never, "user")).toThrow(TypeError);
});

test("a message can't be changed, nor through what it was made of", () => {
  const block = { type: "text" as const, text: "Hi" };
  const content = [block];
  const msg = new Msg("Alice", content, "user");
  block.text = "Bye";
  content.push(block);
  expect(msg.content).toEqual([{ type: "text", text: "Hi" }]);
  expect(() => Object.assign(msg, { name: "Bob" })).toThrow(TypeError);
  expect(() => (msg.content as ContentBlock[]).push(block)).toThrow(TypeError);
});

test("text and blocks can be picked out", () => {
  const msg = new Msg(
    "Friday",
    [
      { type: "text", text: "a" },
      { type: "thinking", thinking: "b" },
      { type: "text", text: "c" },
    ],
    "assistant",
  );
  expect(msg.getTextContent()).toBe("a\nc");
  expect(msg.getTextContent("")).toBe("ac");
  expect(msg.getContentBlocks("thinking")).toEqual([{ type: "thinking", thinking: "b" }]);
  expect(msg.hasContentBlocks("tool_use")).toBe(false);
  expect(new Msg("Alice", "Hi", "user").getContentBlocks()).toEqual([{ type: "text", text: "Hi" }]);
  expect(new Msg("Friday", [], "assistant").getTextContent()).toBeNull();
});
