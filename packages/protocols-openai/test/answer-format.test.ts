import { text } from "@agentscope-runtime/core";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { expect, it } from "vitest";
import { z } from "zod";
import { clientOf, openaiApp } from "./support/serve.ts";

const City = z.object({ name: z.string(), people: z.number() });
const saying = (answer: string) => clientOf(openaiApp().query(text(), () => answer));

it("parses an answer of the format that was asked for", async () => {
  const client = await saying('{"name":"Paris","people":2}');
  const response = await client.responses.parse({
    model: "Friday",
    input: "Hi",
    text: { format: zodTextFormat(City, "city") },
  });
  expect(response.output_parsed).toEqual({ name: "Paris", people: 2 });
  const completion = await client.chat.completions.parse({
    model: "Friday",
    messages: [{ role: "user", content: "Hi" }],
    response_format: zodResponseFormat(City, "city"),
  });
  expect(completion.choices[0]?.message.parsed).toEqual({ name: "Paris", people: 2 });
});

it("fails a response whose answer is of another format, streamed or not", async () => {
  const client = await saying('{"name":"Paris"}');
  const asked = { model: "Friday", input: "Hi", text: { format: zodTextFormat(City, "city") } } as const;
  expect(await client.responses.create(asked)).toMatchObject({
    status: "failed",
    error: { code: "server_error", message: expect.stringMatching(/people/) },
  });
  const events: string[] = [];
  for await (const { type } of await client.responses.create({ ...asked, stream: true })) events.push(type);
  expect(events.at(-1)).toBe("response.failed");
  const refused = client.chat.completions.create({
    model: "Friday",
    messages: [{ role: "user", content: "Hi" }],
    response_format: zodResponseFormat(City, "city"),
  });
  await expect(refused).rejects.toBeInstanceOf(OpenAI.APIError);
  await expect(refused).rejects.toThrow(/people/);
});

it("refuses a schema that no answer could be held to", async () => {
  const client = await saying("never");
  const format = { type: "json_schema", name: "city", schema: { type: "town" } } as const;
  const refused = client.responses.create({ model: "Friday", input: "Hi", text: { format } });
  await expect(refused).rejects.toMatchObject({ status: 400, type: "invalid_request_error" });
});
