import {
  type ContentBlock,
  DashScopeChatFormatter,
  Msg,
  OpenAIChatFormatter,
} from "@agentscope-runtime/agentscope";
import fc from "fast-check";
import { expect, test } from "vitest";

const openai = new OpenAIChatFormatter();
const dashscope = new DashScopeChatFormatter();

function assistant(...content: ContentBlock[]): Msg {
  return new Msg("Friday", content, "assistant");
}

function callOf(id: string, input: Record<string, unknown> = {}): ContentBlock {
  return { type: "tool_use", id, name: "add", input };
}

function resultOf(id: string, output: string | ContentBlock[] = "3"): Msg {
  const block = { type: "tool_result", id, name: "add", output } as ContentBlock;
  return new Msg("system", [block], "system");
}

const image = { type: "image", source: { type: "url", url: "https://example.com/a.png" } } as const;
const wav = { type: "audio", source: { type: "base64", media_type: "audio/wav", data: "AAAA" } } as const;
const video = { type: "video", source: { type: "url", url: "https://example.com/a.mp4" } } as const;

test("text is one string, thoughts are left out, empty messages too", () => {
  const messages = [
    new Msg("system", "Be kind.", "system"),
    new Msg(
      "Alice",
      [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
      "user",
    ),
    assistant({ type: "thinking", thinking: "Hm." }),
    assistant({ type: "thinking", thinking: "Hm." }, { type: "text", text: "c" }),
  ];
  expect(dashscope.format(messages)).toEqual([
    { role: "system", content: "Be kind." },
    { role: "user", content: "a\nb" },
    { role: "assistant", content: "c" },
  ]);
});

test("OpenAI is told names, as far as it accepts them", () => {
  expect(openai.format([new Msg("Alice", "a", "user"), new Msg("Alice Liddell", "b", "user")])).toEqual([
    { role: "user", name: "Alice", content: "a" },
    { role: "user", content: "b" },
  ]);
});

test("a user's media are parts, in each API's own shape", () => {
  const message = new Msg("A B", [{ type: "text", text: "See." }, image, wav, video], "user");
  expect(dashscope.format([message])[0]?.content).toEqual([
    { type: "text", text: "See." },
    { type: "image_url", image_url: { url: "https://example.com/a.png" } },
    { type: "input_audio", input_audio: { data: "data:audio/wav;base64,AAAA" } },
    { type: "video_url", video_url: { url: "https://example.com/a.mp4" } },
  ]);
  expect(openai.format([message])[0]?.content).toEqual([
    { type: "text", text: "See." },
    { type: "image_url", image_url: { url: "https://example.com/a.png" } },
    { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
    { type: "text", text: "The video can be found at: https://example.com/a.mp4" },
  ]);
});

test("no local file is read because a message names it, and only users send media", () => {
  const local = { type: "image", source: { type: "url", url: "/etc/passwd" } } as const;
  const text = "The image can be found at: /etc/passwd";
  expect(dashscope.format([new Msg("A", [local], "user")])).toEqual([{ role: "user", content: text }]);
  expect(dashscope.format([assistant(image)])).toEqual([
    { role: "assistant", content: "The image can be found at: https://example.com/a.png" },
  ]);
});

test("calls and results: arguments as JSON with letters kept, media in results as text", () => {
  const formatted = dashscope.format([
    assistant({ type: "text", text: "Let me see." }, callOf("a", { city: "北京" }), callOf("b")),
    resultOf("a", [{ type: "text", text: "3" }, image, wav]),
    resultOf("b", [{ type: "text", text: "4" }]),
  ]);
  expect(formatted).toEqual([
    {
      role: "assistant",
      content: "Let me see.",
      tool_calls: [
        { id: "a", type: "function", function: { name: "add", arguments: '{"city":"北京"}' } },
        { id: "b", type: "function", function: { name: "add", arguments: "{}" } },
      ],
    },
    {
      role: "tool",
      tool_call_id: "a",
      name: "add",
      content:
        "- 3\n- The image can be found at: https://example.com/a.png\n- [audio/wav: this can not be shown as text]",
    },
    { role: "tool", tool_call_id: "b", name: "add", content: "4" },
  ]);
});

test("results inside any message become messages of their own, in place", () => {
  const block = resultOf("a").getContentBlocks()[0] as ContentBlock;
  expect(
    openai.format([assistant({ type: "text", text: "x" }, callOf("a"), block, { type: "text", text: "y" })]),
  ).toMatchObject([
    { role: "assistant", content: "x", tool_calls: [{ id: "a" }] },
    { role: "tool", tool_call_id: "a" },
    { role: "assistant", content: "y" },
  ]);
});

test("a call without a result gets a note, a result without a call becomes text, a late result is moved up", () => {
  expect(
    openai.format([
      assistant(callOf("a"), callOf("b")),
      new Msg("A B", "Hello?", "user"),
      resultOf("b"),
      resultOf("stray"),
    ]),
  ).toEqual([
    expect.objectContaining({ role: "assistant", content: null }),
    {
      role: "tool",
      tool_call_id: "a",
      name: "add",
      content: "The call was interrupted: no result was recorded.",
    },
    { role: "tool", tool_call_id: "b", name: "add", content: "3" },
    { role: "user", content: "Hello?" },
    { role: "user", content: "The tool add returned: 3" },
  ]);
});

test("a result without a name has that of its call, and none is ever empty", () => {
  const result = { type: "tool_result", id: "a", name: "", output: "3" } as const;
  const formatted = openai.format([assistant(callOf("a")), new Msg("system", [result], "system")]);
  expect(formatted[1]).toEqual({ role: "tool", tool_call_id: "a", name: "add", content: "3" });
  const nameless = assistant({ type: "tool_use", id: "a", name: "", input: {} });
  for (const history of [[nameless, new Msg("system", [result], "system")], [nameless]]) {
    expect(openai.format(history)[1]).not.toHaveProperty("name");
  }
});

test("ids that repeat in every turn are told apart", () => {
  const formatted = openai.format([
    assistant(callOf("0_add")),
    assistant(callOf("0_add")),
    resultOf("0_add", "second"),
    assistant(callOf("0_add"), callOf("0_add")),
    resultOf("0_add", "third"),
    resultOf("0_add", "fourth"),
  ]);
  expect(formatted.filter((message) => message.role === "tool").map((message) => message.content)).toEqual([
    "The call was interrupted: no result was recorded.",
    "second",
    "third",
    "fourth",
  ]);
});

test("blocks of unknown types become their JSON", () => {
  const odd = { type: "hologram", size: 3 } as unknown as ContentBlock;
  expect(openai.format([new Msg("A B", [odd], "user")])).toEqual([
    { role: "user", content: '{"type":"hologram","size":3}' },
  ]);
});

const block: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ type: fc.constant("text"), text: fc.string() }),
  fc.record({
    type: fc.constant("tool_use"),
    id: fc.constantFrom("", "a", "b"),
    name: fc.string(),
    input: fc.dictionary(fc.string(), fc.jsonValue()),
  }),
  fc.record({
    type: fc.constant("tool_result"),
    id: fc.constantFrom("", "a", "b"),
    name: fc.string(),
    output: fc.string(),
  }),
  fc.record({
    type: fc.constantFrom("text", "thinking", "image", "video", "tool_use", "tool_result", "other"),
  }),
  fc.record({
    type: fc.constantFrom("tool_result", "image", "audio"),
    output: fc.jsonValue(),
    source: fc.jsonValue(),
  }),
);
const history = fc.array(
  fc.record({
    role: fc.constantFrom("user" as const, "assistant" as const, "system" as const),
    content: fc.array(block),
  }),
);

test("whatever a history holds, every call is followed by its results and no result stands alone", () => {
  fc.assert(
    fc.property(history, fc.constantFrom(openai, dashscope), (entries, formatter) => {
      const messages = entries.map(({ role, content }) => Msg.fromJSON({ name: "x", role, content }));
      let open: unknown[] = [];
      for (const message of formatter.format(messages)) {
        if (message.role === "tool") {
          expect(open.shift()).toBe(message.tool_call_id);
          expect(typeof message.content).toBe("string");
          continue;
        }
        expect(open).toEqual([]);
        const calls = (message.tool_calls ?? []) as { id: string; function: { arguments: string } }[];
        open = calls.map((call) => call.id);
        expect(new Set(open).size).toBe(open.length);
        for (const call of calls) expect(() => JSON.parse(call.function.arguments)).not.toThrow();
      }
      expect(open).toEqual([]);
    }),
  );
});
