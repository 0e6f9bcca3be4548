import type { ContentBlock } from "@agentscope-runtime/agentscope";
import { RuntimeError } from "@agentscope-runtime/core";
import { type GoldenTraceName, goldenTrace } from "@agentscope-runtime/testing";
import { describe, expect, it } from "vitest";
import { entriesOf } from "./assemble.ts";
import {
  brokenOff,
  callBlock,
  type Printed,
  resultSteps,
  snapshots,
  textSteps,
  withoutDeltas,
} from "./script.ts";

interface Script {
  readonly printed: readonly Printed[];
  readonly failure?: Error | undefined;
}

const text = (value: string): ContentBlock => ({ type: "text", text: value });
const thinking = (value: string): ContentBlock => ({ type: "thinking", thinking: value });
const usage = (input_tokens: number, output_tokens: number, time: number) => ({
  usage: { input_tokens, output_tokens, time },
});

function calling(id: string, name: string, index: number, rawInput: string) {
  return { kind: "tool-use", id, name, index, rawInput } as const;
}

function oneBlock(block: ContentBlock) {
  return [{ content: [block], changes: [{ kind: "block", index: 0, block }] }] as const;
}

const paris = '{"city": "Paris"}';
const check = text("Let me check.");
const finished: ContentBlock = {
  type: "tool_use",
  id: "call_1",
  name: "get_weather",
  input: { city: "Paris" },
  raw_input: paris,
};
const callingBoth = [callBlock("call_1", '{"city":"Paris"}'), callBlock("call_2", '{"city":"Zürich"}')];
const image: ContentBlock = {
  type: "image",
  source: { type: "base64", media_type: "image/png", data: "QUJD" },
};

const scripts: Record<GoldenTraceName, Script> = {
  text: { printed: snapshots("M1", textSteps(["Par", "is"], usage(12, 2, 0.5))) },

  "tool-call": {
    printed: [
      ...snapshots("M1", [
        { content: [check], changes: [{ kind: "text", index: 0, text: "Let me check." }] },
        { content: [check, callBlock("call_1", "")], changes: [calling("call_1", "get_weather", 1, "")] },
        {
          content: [check, callBlock("call_1", '{"city": ')],
          changes: [calling("call_1", "get_weather", 1, '{"city": ')],
        },
        {
          content: [check, callBlock("call_1", paris)],
          changes: [calling("call_1", "get_weather", 1, '"Paris"}')],
        },
        {
          content: [check, finished],
          changes: [{ kind: "block", index: 1, block: finished }],
          options: usage(20, 8, 0.5),
        },
      ]),
      ...snapshots("M2", resultSteps("call_1", ["Sunny"])),
      ...snapshots("M3", textSteps(["It is", " sunny."], usage(40, 4, 0.25))),
    ],
  },

  "parallel-tools": {
    printed: [
      ...snapshots("M1", [
        { content: [callBlock("call_1", "")], changes: [calling("call_1", "get_weather", 0, "")] },
        {
          content: callingBoth.slice(0, 1),
          changes: [calling("call_1", "get_weather", 0, '{"city":"Paris"}')],
        },
        { content: callingBoth, changes: [calling("call_2", "get_weather", 1, '{"city":"Zürich"}')] },
        { content: callingBoth, changes: [] },
      ]),
      ...interleaved(
        snapshots("M2", resultSteps("call_1", ["Sun", "Sunny"])),
        snapshots("M3", resultSteps("call_2", ["Rainy"])),
      ),
      ...snapshots("M4", textSteps(["Sunny and rainy."])),
    ],
  },

  reasoning: {
    printed: snapshots("M1", [
      { content: [thinking("Hmm")], changes: [{ kind: "thinking", index: 0, text: "Hmm" }] },
      { content: [thinking("Hmm, easy")], changes: [{ kind: "thinking", index: 0, text: ", easy" }] },
      {
        content: [thinking("Hmm, easy"), text("4")],
        changes: [{ kind: "text", index: 1, text: "4" }],
      },
      {
        content: [thinking("Hmm, easy"), text("42")],
        changes: [{ kind: "text", index: 1, text: "2" }],
        options: { usage: { input_tokens: 9, output_tokens: 6, time: 0.5, reasoning_tokens: 4 } },
      },
    ]),
  },

  image: {
    printed: [
      ...snapshots("M1", [
        { content: [text("See")], changes: [{ kind: "text", index: 0, text: "See" }] },
        { content: [text("See"), image], changes: [{ kind: "block", index: 1, block: image }] },
        { content: [text("See"), image], changes: [] },
      ]),
      ...snapshots("M2", oneBlock({ type: "image", source: { type: "url", url: "http://x/y.png" } })),
    ],
  },

  audio: {
    printed: snapshots(
      "M1",
      oneBlock({
        type: "audio",
        source: { type: "base64", media_type: "audio/wav", data: "UklGRg==" },
      }),
    ),
  },

  error: {
    printed: snapshots("M1", textSteps(["part"]), true),
    failure: new RuntimeError(
      "AGENT_UNKNOWN_ERROR",
      "The agent failed. The server's log has more about run response_R1.",
    ),
  },

  cancelled: {
    printed: snapshots(
      "M1",
      [
        {
          content: [text("I'll compute it.")],
          changes: [{ kind: "text", index: 0, text: "I'll compute it." }],
        },
        {
          content: [text("I'll compute it."), callBlock("call_1", '{"code": "pri', "execute_python_code")],
          changes: [calling("call_1", "execute_python_code", 1, '{"code": "pri')],
        },
      ],
      true,
    ),
    failure: new RuntimeError("RUN_CANCELED", "The run was cancelled."),
  },
};

function interleaved([first, ...rest]: readonly Printed[], between: readonly Printed[]): readonly Printed[] {
  return first === undefined ? between : [first, ...between, ...rest];
}

describe.each(Object.entries(scripts))("the trace %s", (name, { printed, failure }) => {
  const { lines } = goldenTrace(name as GoldenTraceName);

  it("is what snapshots with their deltas lead to", async () => {
    expect((await entriesOf(printed, failure)).map(({ json }) => json)).toEqual(lines);
  });

  it("is what snapshots without deltas lead to", async () => {
    expect((await entriesOf(withoutDeltas(printed), failure)).map(({ json }) => json)).toEqual(lines);
  });
});

it.each(["error", "cancelled"] as const)(
  "the trace %s is also that of an agent which closes what broke off",
  async (name) => {
    const { printed, failure } = scripts[name];
    for (const reason of ["interrupted", "error"] as const) {
      const closed = brokenOff(printed, reason);
      for (const each of [closed, withoutDeltas(closed)]) {
        expect((await entriesOf(each, failure)).map(({ json }) => json)).toEqual(goldenTrace(name).lines);
      }
    }
  },
);
