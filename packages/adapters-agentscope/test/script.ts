import {
  type BlockDelta,
  type ContentBlock,
  type FinishedReason,
  Msg,
  type MsgOptions,
} from "@agentscope-runtime/agentscope";

export type Printed = readonly [msg: Msg, last: boolean];

/** What one snapshot of a message holds, and what is new in it. */
export interface Step {
  readonly content: readonly ContentBlock[];
  readonly changes: readonly BlockDelta[];
  readonly options?: MsgOptions | undefined;
}

/** The snapshots of a message; the last one ends it unless `open`. */
export function snapshots(id: string, steps: readonly Step[], open = false): readonly Printed[] {
  const isResult = steps[0]?.content[0]?.type === "tool_result";
  return steps.map(({ content, changes, options }, place) => {
    const delta = { revision: place + 1, changes };
    const [name, role] = isResult ? (["system", "system"] as const) : (["Friday", "assistant"] as const);
    const msg = new Msg(name, content, role, { ...options, id, delta });
    return [msg, !open && place === steps.length - 1] as const;
  });
}

/** The same snapshots from a framework that does not say what is new. */
export function withoutDeltas(printed: readonly Printed[]): readonly Printed[] {
  return printed.map(([{ id, name, content, role, metadata, timestamp, usage, finishedReason }, last]) => [
    new Msg(name, content, role, { id, metadata, timestamp, usage, finishedReason }),
    last,
  ]);
}

/** The same messages, the last of which got no further and says so in one more snapshot. */
export function brokenOff(printed: readonly Printed[], finishedReason: FinishedReason): readonly Printed[] {
  const [msg] = printed.at(-1) ?? [];
  if (msg === undefined) return [];
  const { id, name, content, role, delta } = msg;
  const more = { revision: (delta?.revision ?? 0) + 1, changes: [] };
  return [...printed, [new Msg(name, content, role, { id, finishedReason, delta: more }), true]];
}

/** A message whose text grows by one piece a snapshot. */
export function textSteps(pieces: readonly string[], options?: MsgOptions): readonly Step[] {
  return pieces.map((text, place) => ({
    content: [{ type: "text", text: pieces.slice(0, place + 1).join("") }],
    changes: [{ kind: "text", index: 0, text }],
    options: place === pieces.length - 1 ? options : undefined,
  }));
}

/** A result that grows by one output a snapshot. */
export function resultSteps(id: string, outputs: readonly string[]): readonly Step[] {
  return outputs.map((text) => {
    const block = { type: "tool_result", id, name: "get_weather", output: [{ type: "text", text }] } as const;
    return { content: [block], changes: [{ kind: "block", index: 0, block }] };
  });
}

/** A call that is streamed. */
export function callBlock(id: string, raw_input: string, name = "get_weather"): ContentBlock {
  return { type: "tool_use", id, name, input: {}, raw_input };
}
