import { InMemoryRunStore, text } from "@agentscope-runtime/core";
import { openai } from "@agentscope-runtime/protocols-openai";
import OpenAI from "openai";
import { expect, it } from "vitest";
import { historicalApp } from "./support/historical.ts";
import { clientOf, openaiApp, serve } from "./support/serve.ts";

const words = (text: string) => text.split(/\s+/).filter(Boolean).length;
const counting = { protocols: [openai({ countTokens: words })] };
const tokens = (input_tokens: number) => ({ object: "response.input_tokens", input_tokens });

it("counts what a request says: input, instructions, and tools with names, descriptions and schemas", async () => {
  const client = await clientOf(openaiApp(counting).query(text(), () => "ok"));
  const count = client.responses.inputTokens;
  expect(await count.count({ input: "One two three" })).toEqual(tokens(3));
  const parameters = { type: "object", note: "a b c" };
  const tool = {
    type: "function",
    name: "add",
    description: "Adds two numbers.",
    parameters,
    strict: true,
  } as const;
  expect(
    await count.count({
      input: [
        { role: "user", content: [{ type: "input_text", text: "One two" }] },
        { type: "function_call", call_id: "c", name: "add", arguments: '{"a": 1}' },
      ],
      instructions: "Be very brief.",
      tools: [tool],
    }),
  ).toEqual(tokens(2 + words('{"call_id":"c","name":"add","arguments":"{"a": 1}"}') + 3 + 1 + 3 + 3));
});

it("counts nothing where nothing is said", async () => {
  const client = await clientOf(openaiApp(counting).query(text(), () => "ok"));
  expect(await client.responses.inputTokens.count()).toEqual(tokens(0));
  expect(await client.responses.inputTokens.count({ input: null })).toEqual(tokens(0));
});

it("counts the conversation that the request goes on with, up to where it does", async () => {
  const client = await clientOf(historicalApp(counting));
  const { count } = client.responses.inputTokens;
  const counted = (params: OpenAI.Responses.InputTokenCountParams) =>
    count.call(client.responses.inputTokens, params);
  const first = await client.responses.create({ input: "One two", conversation: "c" });
  const second = await client.responses.create({ input: "Three", previous_response_id: first.id });
  // The agent says all that the user has said, with a bar between.
  expect(await counted({ previous_response_id: second.id, input: "Four" })).toEqual(
    tokens(2 + 2 + 1 + 2 + 1),
  );
  expect(await counted({ previous_response_id: first.id, input: "Four" })).toEqual(tokens(2 + 2 + 1));
  expect(await counted({ conversation: "c" })).toEqual(tokens(2 + 2 + 1 + 2));
  expect(await counted({ conversation: "new", input: "One" })).toEqual(tokens(1));
});

it("counts what was said where the agent keeps no history", async () => {
  const client = await clientOf(openaiApp(counting).query(text(), () => "Fine, thanks"));
  const { id } = await client.responses.create({ input: "How are you" });
  expect(await client.responses.inputTokens.count({ previous_response_id: id, input: "And?" })).toEqual(
    tokens(6),
  );
});

it("starts no run", async () => {
  const runStore = new InMemoryRunStore();
  const client = await clientOf(historicalApp({ runStore, ...counting }));
  await client.responses.inputTokens.count({ input: "One", conversation: "c" });
  expect((await runStore.list({ agent: "Friday" })).items).toEqual([]);
});

it("refuses what creating a response refuses", async () => {
  const client = await clientOf(openaiApp(counting).query(text(), () => "ok"));
  const count = (params: object) => client.responses.inputTokens.count(params as never);
  await expect(count({ previous_response_id: "r" })).rejects.toMatchObject({
    status: 400,
    code: "previous_response_not_found",
  });
  await expect(count({ previous_response_id: "r", conversation: "c" })).rejects.toMatchObject({
    status: 400,
  });
  await expect(count({ input: [{ type: "item_reference", id: "x" }] })).rejects.toMatchObject({
    status: 400,
    param: "input[0].type",
  });
  const url = `${await serve(openaiApp(counting).query(text(), () => "ok"))}/v1/responses/input_tokens`;
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "[]",
  });
  expect(answer.status).toBe(400);
});

it("estimates where nobody says how to count, in the order of what models count", async () => {
  const client = await clientOf(openaiApp().query(text(), () => "ok"));
  const input = "The quick brown fox jumps over the lazy dog. ".repeat(2000);
  const { input_tokens } = await client.responses.inputTokens.count({ input });
  expect(input_tokens).toBeGreaterThan(15_000);
  expect(input_tokens).toBeLessThan(30_000);
});

it("bears a counter that fails, and one that counts nonsense", async () => {
  const nonsense = openaiApp({ protocols: [openai({ countTokens: () => Number.NaN })] }).query(
    text(),
    () => "ok",
  );
  expect(await (await clientOf(nonsense)).responses.inputTokens.count({ input: "Hi" })).toEqual(tokens(0));
  const failing = openaiApp({
    protocols: [
      openai({
        countTokens: () => {
          throw new Error("secret");
        },
      }),
    ],
  }).query(text(), () => "ok");
  const error = (await clientOf(failing)).responses.inputTokens.count({ input: "Hi" });
  await expect(error).rejects.toBeInstanceOf(OpenAI.InternalServerError);
});
