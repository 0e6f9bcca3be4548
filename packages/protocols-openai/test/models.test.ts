import { text } from "@agentscope-runtime/core";
import { openai } from "@agentscope-runtime/protocols-openai";
import OpenAI from "openai";
import { expect, it } from "vitest";
import { clientOf, openaiApp, serve } from "./support/serve.ts";

const named = (name: string) => openaiApp({ name, protocols: [] }).query(text(), () => name);
const several = () =>
  openaiApp()
    .query(text(), () => "Friday")
    .host("poet", named("Ada"));

it("the model names the agent", async () => {
  const client = await clientOf(several());
  expect((await client.responses.create({ input: "Hi", model: "poet" })).output_text).toBe("Ada");
  expect((await client.responses.create({ input: "Hi", model: "Friday" })).output_text).toBe("Friday");
  expect((await client.responses.create({ input: "Hi" })).output_text).toBe("Friday");
});

it("an unknown model is a 404 where there are several agents", async () => {
  const client = await clientOf(several());
  const asked = client.responses.create({ input: "Hi", model: "gpt-9" });
  await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  await expect(asked).rejects.toMatchObject({ code: "model_not_found", param: "model" });
});

it("a chain stays with its agent", async () => {
  const client = await clientOf(several());
  const { id } = await client.responses.create({ input: "Hi", model: "poet" });
  const next = client.responses.create({ input: "And?", model: "Friday", previous_response_id: id });
  await expect(next).rejects.toMatchObject({ code: "previous_response_not_found" });
});

it("the agents are listed as models", async () => {
  const client = await clientOf(several());
  const models = await Array.fromAsync(client.models.list());
  expect(models.map(({ id, object }) => [id, object])).toEqual([
    ["Friday", "model"],
    ["poet", "model"],
  ]);
});

it("an app without an agent has no model", async () => {
  const client = await clientOf(openaiApp());
  await expect(client.responses.create({ input: "Hi", model: "x" })).rejects.toMatchObject({ status: 404 });
  await expect(client.responses.create({ input: "Hi" })).rejects.toMatchObject({ status: 404 });
});

it("the routes can be elsewhere", async () => {
  const app = openaiApp({ protocols: [openai({ prefixes: ["/openai"] })] }).query(text(), () => "ok");
  const server = await serve(app);
  const client = (prefix: string) =>
    new OpenAI({ apiKey: "none", maxRetries: 0, baseURL: `${server}${prefix}` });
  expect((await client("/openai").responses.create({ input: "Hi" })).output_text).toBe("ok");
  await expect(client("/v1").responses.create({ input: "Hi" })).rejects.toMatchObject({ status: 404 });
});
