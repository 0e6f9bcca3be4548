import { setImmediate as nextTurn } from "node:timers/promises";
import type { AgentRequest, Content, Message } from "@agentscope-runtime/agent-api";

/** Tells how many tokens a text is. */
export type CountTokens = (text: string) => number;

/** An estimate for texts of any language, made of the lengths of their words. */
export async function estimateTokens(): Promise<CountTokens> {
  const { estimateTokenCount } = await import("tokenx");
  return (text) => {
    let tokens = 0;
    for (let at = 0; at < text.length; at += PIECE) tokens += estimateTokenCount(text.slice(at, at + PIECE));
    return tokens;
  };
}

/** The tokens of the messages' texts, calls and outputs; media have none. Leaves others their turn in between. */
export async function countMessages(messages: readonly Message[], count: CountTokens): Promise<number> {
  return countTexts(
    messages.flatMap(({ content }) => (content ?? []).map(textOf)),
    count,
  );
}

/** The tokens of what a request says beside its messages: instructions, tools and the schema of its answer. */
export async function countRequest(
  { instructions, tools, text }: AgentRequest,
  count: CountTokens,
): Promise<number> {
  const declared = (tools ?? []).flatMap(({ function: tool }) =>
    tool ? [tool.name, tool.description ?? "", jsonOf(tool.parameters)] : [],
  );
  return countTexts([instructions ?? "", ...declared, jsonOf(text?.format?.schema)], count);
}

async function countTexts(texts: readonly string[], count: CountTokens): Promise<number> {
  let tokens = 0;
  let counted = 0;
  for (const text of texts) {
    if (text === "") continue;
    const found = count(text);
    if (Number.isFinite(found) && found > 0) tokens += Math.ceil(found);
    counted += text.length;
    if (counted < TURN) continue;
    counted = 0;
    await nextTurn();
  }
  return tokens;
}

function textOf(slot: Content): string {
  if (slot.type === "text") return slot.text ?? "";
  if (slot.type === "refusal") return slot.refusal ?? "";
  return slot.type === "data" ? jsonOf(slot.data) : "";
}

function jsonOf(value: unknown): string {
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** How many characters are looked at in one go, and between two turns of the loop. */
const PIECE = 16_384;
const TURN = 65_536;
