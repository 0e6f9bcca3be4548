import { type ContentBlock, Msg, type ToolResultContent } from "@agentscope-runtime/agentscope";
import fc from "fast-check";

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("", "[]", "{}", "null", '"quoted"', "ünï 🦊", "data:,x", '[{"type":"text","text":"x"}]'),
);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const url = fc.constantFrom(
  "http://x/y.png",
  "/tmp/a.wav",
  "tmp",
  "",
  "data:image/png;base64,QUJD",
  "data:image/svg+xml,%3Csvg",
  "data:",
);
const mediaType = fc.constantFrom("image/png", "audio/mpeg", "audio/wav;codecs=1", "", "a,b", "video/mp4");
const source = fc.oneof(
  fc.record({ type: fc.constant("url" as const), url, media_type: maybe(mediaType) }),
  fc.record({
    type: fc.constant("base64" as const),
    media_type: mediaType,
    data: fc.constantFrom("QUJD", "", "a b"),
  }),
);
const media = fc.record({ type: fc.constantFrom("image", "audio", "video" as const), source });
const textBlock = fc.record({ type: fc.constant("text" as const), text });
const callId = fc.constantFrom("call_1", "call_2", "", "M1", "x".repeat(2000));
const object = fc.dictionary(fc.constantFrom("a", "city", "constructor"), fc.jsonValue());

const output: fc.Arbitrary<string | readonly ToolResultContent[]> = fc.oneof(
  text,
  fc.array(fc.oneof(textBlock, media), { maxLength: 3 }),
  // What a tool of another framework version may have answered.
  fc.array(fc.jsonValue(), { maxLength: 2 }) as unknown as fc.Arbitrary<readonly ToolResultContent[]>,
);

/** A block of any type, of unknown ones and broken ones as well. */
export const arbitraryBlock: fc.Arbitrary<ContentBlock> = fc.oneof(
  textBlock,
  fc.record({ type: fc.constant("thinking" as const), thinking: text, signature: maybe(text) }),
  fc.record({
    type: fc.constant("tool_use" as const),
    id: callId,
    name: text,
    input: object,
    raw_input: maybe(
      fc.oneof(
        text,
        object.map((value) => JSON.stringify(value)),
      ),
    ),
    tool_type: maybe(fc.constantFrom("mcp", "function", "component", "plugin", "other")),
    server_label: maybe(text),
  }),
  fc.record({
    type: fc.constant("tool_result" as const),
    id: callId,
    name: text,
    output,
    state: maybe(fc.constantFrom("running", "success", "error", "interrupted", "denied" as const)),
  }),
  media,
  fc.record({
    type: fc.constantFrom("file", "hint", "text", "tool_use", "tool_result", "image", "constructor"),
    id: fc.constantFrom("call_1", 5),
    name: fc.constant("add"),
    input: fc.constantFrom({ a: 1 }, [], null),
    output: fc.constantFrom("3", 3, null),
    raw_input: fc.constantFrom("{}", 5, null),
    data: fc.jsonValue(),
  }) as unknown as fc.Arbitrary<ContentBlock>,
);

const usage = fc.record({
  input_tokens: fc.nat(),
  output_tokens: fc.nat(),
  time: fc.constantFrom(0, 0.25),
  cached_tokens: maybe(fc.nat()),
});

const msg = fc
  .record({
    name: text,
    content: fc.oneof(
      { weight: 1, arbitrary: text },
      { weight: 5, arbitrary: fc.array(arbitraryBlock, { maxLength: 6 }) },
    ),
    role: fc.constantFrom("user", "assistant", "system" as const),
    metadata: fc.option(object),
    timestamp: fc.constantFrom("2025-12-06 06:26:40.000", "yesterday"),
    usage: maybe(usage),
    finishedReason: maybe(
      fc.constantFrom(
        "completed",
        "interrupted",
        "error",
        "length",
        "content_filter",
        "exceed_max_iters" as const,
      ),
    ),
  })
  .map(
    ({ name, content, role, ...options }) =>
      (id: string) =>
        // What is stored is JSON: members that are undefined are not there.
        Msg.fromJSON(JSON.parse(JSON.stringify(new Msg(name, content, role, { ...options, id })))),
  );

const ids = fc.uniqueArray(
  fc.constantFrom("M1", "msg_M1", "M1_1", "call_1", "M2", "M2_1", "__proto__", "y".repeat(1024)),
  { minLength: 5, maxLength: 8 },
);

/** A conversation: messages with ids that differ, but are easily mistaken for each other. */
export const arbitraryMsgs: fc.Arbitrary<readonly Msg[]> = fc
  .tuple(fc.array(msg, { maxLength: 5 }), ids)
  .map(([makers, names]) => makers.map((make, place) => make(names[place] ?? "M1")));
