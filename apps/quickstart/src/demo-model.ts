import { setTimeout as sleep } from "node:timers/promises";
import type { ChatModel, ChatOptions, ChatResponse, Msg, ToolUseBlock } from "@agentscope-runtime/agentscope";
import { demoAnswer } from "./demo-answer.ts";

/** Milliseconds between two words. */
const PACE = 40;

/**
 * Stands in for a language model where there is none: a few rules, no network. It streams like one and calls tools like
 * one, so that everything around it does its real work.
 */
export class DemoModel implements ChatModel {
  readonly modelName = "offline-demo";

  async *stream(messages: readonly Msg[], options: ChatOptions = {}): AsyncGenerator<ChatResponse> {
    const { signal, tools = [] } = options;
    const started = performance.now();
    const answer = demoAnswer(
      messages,
      tools.map((tool) => tool.function.name),
    );
    const id = `demo-${crypto.randomUUID()}`;
    const words = answer.text.match(/\S+\s*/g) ?? [];
    let text = "";
    for (const word of words) {
      await sleep(PACE, undefined, { signal });
      text += word;
      yield { id, content: [{ type: "text", text }], delta: [{ kind: "text", index: 0, text: word }] };
    }
    const spoken = text === "" ? [] : [{ type: "text" as const, text }];
    const usage = {
      input_tokens: messages.reduce((sum, message) => sum + countWords(message.getTextContent() ?? ""), 0),
      output_tokens: words.length,
      time: (performance.now() - started) / 1000,
    };
    if (answer.code === undefined) {
      yield { id, content: spoken, delta: [], usage, finishReason: "stop" };
      return;
    }
    const input = { code: answer.code };
    const call: ToolUseBlock = {
      type: "tool_use",
      id: `call_${crypto.randomUUID()}`,
      name: "execute_python_code",
      input,
      raw_input: JSON.stringify(input),
    };
    yield {
      id,
      content: [...spoken, call],
      delta: [{ kind: "block", index: spoken.length, block: call }],
      usage,
      finishReason: "tool_calls",
    };
  }
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
