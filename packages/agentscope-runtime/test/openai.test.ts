import type { AgentPart } from "@agentscope-runtime/core";
import { InMemorySessionHistoryService } from "agentscope-runtime";
import { expect, it } from "vitest";
import { openaiClient, parts, z, zodFunction, zodResponseFormat, zodTextFormat } from "./support/clients.ts";
import { everyProtocol, serve } from "./support/serve.ts";

const City = z.object({ city: z.string() });

/** An agent that calls what it is offered, keeps to the form it is given, and says how much it has heard otherwise. */
async function serveFriday(): Promise<string> {
  const history = new InMemorySessionHistoryService();
  const app = everyProtocol()
    .init(() => history.start())
    .services(() => ({ history }))
    .query(parts(), async function* ({ msgs, request, session }): AsyncGenerator<AgentPart> {
      const output = msgs.findLast(({ type }) => type === "function_call_output")?.content?.[0];
      const name = request.tools?.[0]?.function?.name;
      if (output?.type === "data") {
        yield { kind: "text-delta", messageId: "M", text: `It is ${output.data?.output}.` };
      } else if (name !== undefined) {
        const call = { kind: "tool-call", callId: "call_1", name, toolType: "function" } as const;
        yield { ...call, arguments: '{"city":"Paris"}' };
      } else if (request.text !== undefined) {
        yield { kind: "text-delta", messageId: "M", text: '{"city":' };
        yield { kind: "text-delta", messageId: "M", text: '"Paris"}' };
      } else {
        const { items } = await history.getMessages(session);
        yield { kind: "reasoning-delta", messageId: "M", text: "Hm." };
        yield { kind: "text-delta", messageId: "M", text: "I am Friday" };
        yield { kind: "text-delta", messageId: "M", text: `, after ${items.length}.` };
      }
      yield { kind: "usage", usage: { input_tokens: 9, output_tokens: 4 } };
    });
  return serve(app);
}

const hi = { model: "any_name", input: "Who are you?" };
const chat = { model: "any_name", messages: [{ role: "user" as const, content: "Who are you?" }] };
const asked: string[] = [];
const weather = (city: string) => {
  asked.push(city);
  return "sunny";
};

it("the tutorial's client gets its answer under /compatible-mode/v1, whatever model it names", async () => {
  const client = openaiClient(await serveFriday(), "/compatible-mode/v1");
  const response = await client.responses.create({ model: "any_name", input: "Who are you?" });
  expect(response.output_text).toBe("I am Friday, after 1.");
  expect(response).toMatchObject({ status: "completed", usage: { input_tokens: 9, total_tokens: 13 } });
  const next = await client.responses.create({ ...hi, previous_response_id: response.id });
  expect(next.output_text).toMatch(/^I am Friday, after [2-9]\.$/);
  expect((await client.models.list()).data).toMatchObject([{ id: "Friday" }]);
});

it("responses.stream() comes to the response that create() answers with", async () => {
  const { responses } = openaiClient(await serveFriday());
  const stream = responses.stream(hi);
  const deltas: string[] = [];
  stream.on("response.output_text.delta", ({ delta }) => deltas.push(delta));
  const final = await stream.finalResponse();
  expect(deltas.join("")).toBe("I am Friday, after 1.");
  expect(final).toMatchObject({ status: "completed", output_text: "I am Friday, after 1." });
  expect(final.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
  const known = await responses.retrieve(final.id);
  expect(known.output).toEqual(final.output.map((item) => expect.objectContaining({ id: item.id })));
  const again = await responses.stream({ response_id: final.id, starting_after: 2 }).finalResponse();
  expect(again).toMatchObject({ id: final.id, output_text: "I am Friday, after 1." });
});

it("responses.parse() parses what the agent says by a schema, whole and streamed", async () => {
  const { responses } = openaiClient(await serveFriday());
  const params = { ...hi, text: { format: zodTextFormat(City, "city") } };
  expect((await responses.parse(params)).output_parsed).toEqual({ city: "Paris" });
  expect((await responses.stream(params).finalResponse()).output_parsed).toEqual({ city: "Paris" });
});

it("a function that the client offers to Responses is called, parsed, and answered", async () => {
  const { responses } = openaiClient(await serveFriday());
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const tool = { type: "function", name: "weather", parameters: schema, strict: false } as const;
  const called = await responses.create({ ...hi, tools: [tool] });
  expect(called).toMatchObject({
    status: "completed",
    output: [{ type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Paris"}' }],
  });
  const answer = { type: "function_call_output", call_id: "call_1", output: "sunny" } as const;
  const said = await responses.create({
    ...hi,
    previous_response_id: called.id,
    input: [answer],
    tools: [tool],
  });
  expect(said.output_text).toBe('It is "sunny".');
});

it("chat.completions.stream() comes to the completion that create() answers with", async () => {
  const { completions } = openaiClient(await serveFriday()).chat;
  const deltas: string[] = [];
  const stream = completions.stream({ ...chat, stream_options: { include_usage: true } });
  const final = await stream.on("content", (delta) => deltas.push(delta)).finalChatCompletion();
  const whole = await completions.create(chat);
  expect(deltas.join("")).toBe("I am Friday, after 1.");
  expect(final.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: deltas.join("") } });
  expect(whole.choices[0]?.message).toMatchObject({ role: "assistant", content: deltas.join("") });
  expect(final.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 });
});

it("chat.completions.parse() parses what the agent says by a schema", async () => {
  const { completions } = openaiClient(await serveFriday()).chat;
  const params = { ...chat, response_format: zodResponseFormat(City, "city") };
  expect((await completions.parse(params)).choices[0]?.message.parsed).toEqual({ city: "Paris" });
  const streamed = await completions.stream(params).finalChatCompletion();
  expect(streamed.choices[0]?.message.parsed).toEqual({ city: "Paris" });
});

it.each([false, true])(
  "runTools() runs the client's function and comes to the answer (stream: %s)",
  async (stream) => {
    const { completions } = openaiClient(await serveFriday()).chat;
    const tool = zodFunction({ name: "weather", parameters: City, function: ({ city }) => weather(city) });
    asked.length = 0;
    const params = { ...chat, tools: [tool] };
    const runner = stream ? completions.runTools({ ...params, stream: true }) : completions.runTools(params);
    expect(await runner.finalContent()).toBe('It is "sunny".');
    expect(asked).toEqual(["Paris"]);
  },
);
