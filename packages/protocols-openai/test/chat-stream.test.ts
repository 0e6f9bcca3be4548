import {
  type AgentPart,
  InMemoryRunStore,
  type LogEntry,
  type ReadRunOptions,
  RuntimeError,
  text,
} from "@agentscope-runtime/core";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { clientOf, openaiApp, parts, scriptedApp, serve } from "./support/serve.ts";

const hi = { model: "any_name", messages: [{ role: "user" as const, content: "Hi" }] };
const script: AgentPart[] = [
  { kind: "reasoning-delta", messageId: "M1", text: "Hm." },
  { kind: "text-delta", messageId: "M1", text: "Let me " },
  { kind: "text-delta", messageId: "M1", text: "see." },
  { kind: "tool-call", callId: "call_1", name: "weather", arguments: "{}" },
  { kind: "tool-result", callId: "call_1", output: "Sunny" },
  { kind: "text-delta", messageId: "M2", text: "Sunny." },
  { kind: "usage", usage: { input_tokens: 9, output_tokens: 6 } },
];

it("brings the role first, pieces of text, the reason of the end, and the usage where it is asked for", async () => {
  const client = await clientOf(scriptedApp(script));
  const stream_options = { include_usage: true };
  const stream = await client.chat.completions.create({ ...hi, stream: true, stream_options });
  const chunks = await Array.fromAsync(stream);
  expect(chunks.map(({ choices }) => choices[0]?.delta ?? null)).toEqual([
    { role: "assistant", content: "" },
    { reasoning_content: "Hm." },
    { content: "Let me " },
    { content: "see." },
    { content: "\n\nSunny." },
    {},
    null,
  ]);
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
  expect(chunks.slice(0, -1).map(({ usage }) => usage)).toEqual(Array(6).fill(null));
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 9, total_tokens: 15 } });
  expect(new Set(chunks.map(({ id, model, object }) => `${id} ${model} ${object}`)).size).toBe(1);
});

it("has no usage otherwise, and ends with [DONE]", async () => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ ...hi, stream: true });
  const url = `${await serve(scriptedApp(script))}/v1/chat/completions`;
  const answer = await fetch(url, { method: "POST", headers, body });
  expect(answer.headers.get("content-type")).toContain("text/event-stream");
  const frames = await answer.text();
  expect(frames).not.toContain("usage");
  expect(frames.endsWith("data: [DONE]\n\n")).toBe(true);
});

it("adds up to the completion that is no stream, for the SDK's helper", async () => {
  const client = await clientOf(scriptedApp(script));
  const { choices: whole } = await client.chat.completions.create(hi);
  const texts: string[] = [];
  const runner = client.chat.completions.stream(hi).on("content", (delta) => texts.push(delta));
  const final = await runner.finalChatCompletion();
  expect(final.choices[0]?.message.content).toBe(whole[0]?.message.content);
  expect(final.choices[0]?.finish_reason).toBe("stop");
  expect(texts.join("")).toBe("Let me see.\n\nSunny.");
});

/** Calls the first tool that the client offers until there is an output, then says it. */
const calling = () =>
  openaiApp().query(parts(), function* ({ request, msgs }): Generator<AgentPart> {
    const output = msgs.findLast(({ type }) => type === "function_call_output")?.content?.[0];
    if (output?.type === "data") {
      yield { kind: "text-delta", messageId: "M1", text: `It is ${output.data?.output}.` };
      return;
    }
    const name = request.tools?.[0]?.function?.name ?? "";
    yield { kind: "tool-call", callId: "call_1", name, toolType: "function" };
    yield { kind: "tool-arguments-delta", callId: "call_1", text: '{"city":' };
    yield { kind: "tool-arguments-delta", callId: "call_1", text: '"Paris"}' };
    yield { kind: "tool-call-end", callId: "call_1" };
  });
const asked: string[] = [];
const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "The weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } } },
    parse: JSON.parse,
    function: ({ city }: { city: string }) => {
      asked.push(city);
      return "sunny";
    },
  },
};

describe("a tool of the client", () => {
  it.each([false, true])("is run by runTools (stream: %s)", async (stream) => {
    const client = await clientOf(calling());
    asked.length = 0;
    const params = { ...hi, tools: [weather] };
    const runner = stream
      ? client.chat.completions.runTools({ ...params, stream: true })
      : client.chat.completions.runTools(params);
    expect(await runner.finalContent()).toBe('It is "sunny".');
    expect(asked).toEqual(["Paris"]);
  });

  it("is called piece by piece", async () => {
    const { parse, function: run, ...offered } = weather.function;
    const tools = [{ type: "function" as const, function: offered }];
    const stream = await (await clientOf(calling())).chat.completions.create({ ...hi, tools, stream: true });
    const chunks = await Array.fromAsync(stream);
    const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(deltas[0]).toEqual({
      index: 0,
      id: "call_1",
      type: "function",
      function: { name: "weather", arguments: "" },
    });
    for (const delta of deltas.slice(1)) expect(Object.keys(delta)).toEqual(["index", "function"]);
    expect(deltas.map((delta) => delta.function?.arguments).join("")).toBe('{"city":"Paris"}');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });
});

it("a response_format is kept by an agent that heeds it, and parsed by the SDK", async () => {
  const app = openaiApp().query(text(), ({ request }) => {
    return JSON.stringify({ city: request.text?.format?.name });
  });
  const client = await clientOf(app);
  const response_format = zodResponseFormat(z.object({ city: z.string() }), "Paris");
  const parsed = await client.chat.completions.parse({ ...hi, response_format });
  expect(parsed.choices[0]?.message.parsed).toEqual({ city: "Paris" });
  const streamed = await client.chat.completions.stream({ ...hi, response_format }).finalChatCompletion();
  expect(streamed.choices[0]?.message.parsed).toEqual({ city: "Paris" });
});

it("a client that leaves does not end the run", async () => {
  const gate = Promise.withResolvers<void>();
  const done = Promise.withResolvers<boolean>();
  const app = openaiApp().query(text(), async function* ({ signal }) {
    yield "part";
    await gate.promise;
    done.resolve(signal.aborted);
  });
  const stream = await (await clientOf(app)).chat.completions.create({ ...hi, stream: true });
  for await (const { choices } of stream) if (choices[0]?.delta.content === "part") break;
  gate.resolve();
  expect(await done.promise).toBe(false);
});

describe("a run that fails", () => {
  const failing = (code: "MODEL_QUOTA_EXCEEDED" | "RATE_LIMIT_EXCEEDED", count = { runs: 0 }) =>
    openaiApp().query(text(), async function* () {
      count.runs++;
      yield "part";
      throw new RuntimeError(code, "The model has no quota left.");
    });

  it("ends a stream with an error, which the SDK throws behind what there was", async () => {
    const client = await clientOf(failing("MODEL_QUOTA_EXCEEDED"));
    const texts: unknown[] = [];
    const read = async () => {
      const stream = await client.chat.completions.create({ ...hi, stream: true });
      for await (const { choices } of stream) texts.push(choices[0]?.delta.content);
    };
    await expect(read()).rejects.toMatchObject({
      code: "rate_limit_exceeded",
      message: "The model has no quota left.",
    });
    expect(texts).toEqual(["", "part"]);
    const helper = client.chat.completions.stream(hi).finalChatCompletion();
    await expect(helper).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  it("is an error of the request otherwise, and is not run again", async () => {
    const count = { runs: 0 };
    const client = await clientOf(failing("RATE_LIMIT_EXCEEDED", count), { maxRetries: 2 });
    const error = await client.chat.completions.create(hi).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded", param: null });
    expect(count.runs).toBe(1);
  });

  it("by rejecting its request is a 400", async () => {
    const client = await clientOf(scriptedApp([{ kind: "finish", reason: "rejected" }]));
    const answer = client.chat.completions.create(hi);
    await expect(answer).rejects.toMatchObject({ status: 400, code: "invalid_prompt" });
  });
});

it("an attempt that is superseded is no part of the completion", async () => {
  class TwoAttempts extends InMemoryRunStore {
    override async *read(runId: string, options: ReadRunOptions = {}): AsyncGenerator<readonly LogEntry[]> {
      const own: LogEntry[] = [];
      for await (const batch of super.read(runId, options)) own.push(...batch);
      yield own.slice(0, -1);
      const began = own[1] as LogEntry;
      const again = { ...began, event: { ...began.event, attempt: 2 } };
      yield [again, ...own.slice(2)].map(({ seq, json, event }) => ({
        seq: seq + own.length,
        json,
        event: { ...event, attempt: 2 },
      }));
    }
  }
  const app = scriptedApp(script.slice(1, 3), { runStore: new TwoAttempts() });
  const client = await clientOf(app);
  const { choices } = await client.chat.completions.create(hi);
  expect(choices[0]?.message.content).toBe("Let me see.");
  const chunks = await Array.fromAsync(await client.chat.completions.create({ ...hi, stream: true }));
  const said = chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "");
  expect(said.join("")).toBe("Let me see.\n\nLet me see.");
});

it("a log that can't be read to its end ends in an error, in both modes", async () => {
  class BrokenRunStore extends InMemoryRunStore {
    override async *read(runId: string, options: ReadRunOptions = {}): AsyncGenerator<readonly LogEntry[]> {
      for await (const [entry] of super.read(runId, options)) {
        if (entry !== undefined) yield [entry];
        throw new RuntimeError("DATABASE_ERROR", "The log can't be read.");
      }
    }
  }
  const client = await clientOf(scriptedApp(script, { runStore: new BrokenRunStore() }), { maxRetries: 2 });
  const refusal = { code: "database_error", message: expect.stringContaining("The log can't be read.") };
  await expect(client.chat.completions.create(hi)).rejects.toMatchObject({ ...refusal, status: 500 });
  const streamed = client.chat.completions.stream(hi).finalChatCompletion();
  await expect(streamed).rejects.toMatchObject(refusal);
});
