import type { Msg } from "@agentscope-runtime/agentscope";
import { story } from "./demo-story.ts";

export interface DemoAnswer {
  readonly text: string;
  /** Python to run before the answer goes on. */
  readonly code?: string | undefined;
}

/** What the demo says next. It knows arithmetic (by Python), your name (from the history) and one long story. */
export function demoAnswer(messages: readonly Msg[], tools: readonly string[]): DemoAnswer {
  const result = toolOutput(messages.at(-1));
  if (result !== undefined) return { text: explain(result) };

  const said = messages
    .filter((message) => message.role === "user")
    .map((message) => message.getTextContent() ?? "");
  const question = said.at(-1) ?? "";
  const expression = arithmeticIn(question);
  if (expression !== undefined && tools.includes("execute_python_code")) {
    return { text: "I'll let Python work that out. ", code: `print(${expression})` };
  }
  if (/\bstory\b/i.test(question)) return { text: story };
  if (/\bwhat(?:'s| is) my name\b|\bwho am i\b/i.test(question)) {
    const name = said.map(nameIn).findLast((found) => found !== undefined);
    return { text: name === undefined ? "You have not told me your name yet." : `Your name is ${name}.` };
  }
  const name = nameIn(question);
  if (name !== undefined) return { text: `Nice to meet you, ${name}! I'll remember that in this session.` };
  return { text: INTRODUCTION };
}

const INTRODUCTION =
  "I'm Friday, running on an offline demo that is no language model: I follow a few rules. " +
  "Ask me for arithmetic (I run Python for it), tell me your name and ask for it later, or ask for a long story. " +
  "With DASHSCOPE_API_KEY or OPENAI_API_KEY set, a real model answers here.";

/** An expression of numbers and operators with at least one operator in it. */
function arithmeticIn(text: string): string | undefined {
  const found = text.match(/[\d(][\d\s().+\-*/%]*[\d)]/g) ?? [];
  return found.map((part) => part.trim()).find((part) => /\d\s*(?:[+\-/%]|\*{1,2})\s*[\d(]/.test(part));
}

function nameIn(text: string): string | undefined {
  return /\bmy name is (\p{L}[\p{L}'-]*)/iu.exec(text)?.[1];
}

function toolOutput(message: Msg | undefined): string | undefined {
  const [result] = message?.getContentBlocks("tool_result") ?? [];
  if (result === undefined) return undefined;
  if (typeof result.output === "string") return result.output;
  return result.output.map((block) => (block.type === "text" ? block.text : "")).join("\n");
}

function explain(output: string): string {
  const [, code, printed = "", errors = ""] =
    /<returncode>(-?\d+)<\/returncode><stdout>([\s\S]*?)<\/stdout><stderr>([\s\S]*?)<\/stderr>/.exec(
      output,
    ) ?? [];
  if (code === "0") return `Python says the result is ${printed.trim()}.`;
  return `Python could not work that out: ${(errors.trim().split("\n").at(-1) || output).trim()}`;
}
