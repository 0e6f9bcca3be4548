import { deflateRawSync } from "node:zlib";
import {
  type AgentPart,
  InMemoryRunStore,
  InMemorySessionHistoryService,
  RuntimeError,
  text,
} from "@agentscope-runtime/core";
import { type Compact, openai } from "@agentscope-runtime/protocols-openai";
import type OpenAI from "openai";
import type { ResponseInputItem, ResponseOutputItem } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { historicalApp } from "./support/historical.ts";
import { clientOf, openaiApp, parts } from "./support/serve.ts";

const MODEL = "any_name";

function textsOf(output: readonly ResponseOutputItem[]): unknown[] {
  return output.map((item) =>
    item.type === "message" ? item.content.map((part) => "text" in part && part.text) : item.type,
  );
}

/** What a client sends that goes on with what it got. */
function following(output: readonly ResponseOutputItem[], say: string): ResponseInputItem[] {
  return [...(output as ResponseInputItem[]), { role: "user", content: say }];
}

async function errorOf(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  return promise.then(
    () => expect.fail("It was answered."),
    (error) => error,
  );
}

describe("a compacted conversation", () => {
  it("shows the user's messages and one item for all, and gives an agent anywhere the context back", async () => {
    const client = await clientOf(historicalApp());
    const first = await client.responses.create({ input: "One" });
    const second = await client.responses.create({ input: "Two", previous_response_id: first.id });
    const compacted = await client.responses.compact({
      model: MODEL,
      previous_response_id: second.id,
      input: "Three",
    });
    expect(compacted).toMatchObject({
      object: "response.compaction",
      created_at: expect.any(Number),
      usage: { input_tokens: expect.any(Number), input_tokens_details: { cached_tokens: 0 } },
    });
    expect(textsOf(compacted.output)).toEqual([["One"], ["Two"], ["Three"], "compaction"]);
    const elsewhere = await clientOf(historicalApp());
    const next = await elsewhere.responses.create({ input: following(compacted.output, "Four") });
    expect(next.output_text).toBe("One|Two|Three|Four");
    const alone = following(compacted.output.slice(-1), "Four");
    expect((await elsewhere.responses.create({ input: alone })).output_text).toBe("One|Two|Three|Four");
  });

  it("outlives the one that it was made of", async () => {
    const client = await clientOf(historicalApp());
    const conversation = await client.conversations.create();
    await client.responses.create({ input: "One", conversation: conversation.id });
    const { id } = await client.responses.create({ input: "Two", conversation: conversation.id });
    const { output } = await client.responses.compact({ model: MODEL, previous_response_id: id });
    await client.conversations.delete(conversation.id);
    const next = await client.responses.create({ input: following(output, "Three") });
    expect(next.output_text).toBe("One|Two|Three");
  });

  it("keeps answers, reasoning, calls and outputs, in their order", async () => {
    const script: AgentPart[] = [
      { kind: "reasoning-delta", messageId: "M1", text: "Hm." },
      { kind: "tool-call", callId: "c1", name: "now", messageId: "M1", arguments: "{}" },
      { kind: "tool-result", callId: "c1", output: "Noon" },
      { kind: "text-delta", messageId: "M2", text: "Noon." },
    ];
    const seen: string[] = [];
    const app = openaiApp().query(parts(), function* ({ msgs }) {
      seen.splice(0, seen.length, ...msgs.map(({ type, role }) => `${role} ${type}`));
      yield* script;
    });
    const client = await clientOf(app);
    const { id } = await client.responses.create({ input: "What time is it?" });
    const { output } = await client.responses.compact({ model: MODEL, previous_response_id: id });
    await client.responses.create({ input: following(output, "And now?") });
    expect(seen).toEqual([
      "user message",
      "assistant reasoning",
      "assistant plugin_call",
      "tool plugin_call_output",
      "assistant message",
      "user message",
    ]);
  });

  it("of a response that others followed goes as far as that", async () => {
    const client = await clientOf(historicalApp());
    const first = await client.responses.create({ input: "One" });
    await client.responses.create({ input: "Two", previous_response_id: first.id });
    const { output } = await client.responses.compact({ model: MODEL, previous_response_id: first.id });
    expect(textsOf(output)).toEqual([["One"], "compaction"]);
  });

  it("can be compacted once more", async () => {
    const client = await clientOf(historicalApp());
    const once = await client.responses.compact({ model: MODEL, input: "One" });
    const twice = await client.responses.compact({ model: MODEL, input: following(once.output, "Two") });
    expect(textsOf(twice.output)).toEqual([["One"], ["Two"], "compaction"]);
    const next = await client.responses.create({ input: following(twice.output, "Three") });
    expect(next.output_text).toBe("One|Two|Three");
  });

  it("may begin a conversation", async () => {
    const client = await clientOf(historicalApp());
    const { output } = await client.responses.compact({ model: MODEL, input: "One" });
    const { id } = await client.conversations.create({ items: output as ResponseInputItem[] });
    const next = await client.responses.create({ input: "Two", conversation: id });
    expect(next.output_text).toBe("One|Two");
  });
});

describe("an app that summarises by itself", () => {
  const app = (compact: Compact) => historicalApp({ protocols: [openai({ compact })] });

  it("gets the conversation, and its summary takes the place of all of it", async () => {
    const asked: unknown[] = [];
    const client = await clientOf(
      app(async ({ messages, instructions, agent, signal }) => {
        asked.push(
          messages.map(({ role }) => role),
          instructions,
          agent,
          signal.aborted,
        );
        return "In short: numbers.";
      }),
    );
    const { id } = await client.responses.create({ input: "One" });
    const compacted = await client.responses.compact({
      model: MODEL,
      previous_response_id: id,
      instructions: "Be brief.",
    });
    expect(asked).toEqual([["user", "assistant"], "Be brief.", "Friday", false]);
    expect(textsOf(compacted.output)).toEqual([["One"], "compaction"]);
    const next = await client.responses.create({ input: following(compacted.output, "Two") });
    expect(next.output_text).toBe("In short: numbers.|Two");
  });

  it("is told of a client that has gone, and fails in OpenAI's shape", async () => {
    const aborted = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const waiting = await clientOf(
      app(async ({ signal }) => {
        signal.addEventListener("abort", () => aborted.resolve());
        started.resolve();
        await aborted.promise;
        return "Late.";
      }),
    );
    const leave = new AbortController();
    const asked = waiting.responses.compact({ model: MODEL, input: "One" }, { signal: leave.signal });
    await started.promise;
    leave.abort();
    await expect(asked).rejects.toThrow();
    await aborted.promise;
    const broken = await clientOf(
      app(() => {
        throw new Error("secret");
      }),
    );
    const error = await errorOf(broken.responses.compact({ model: MODEL, input: "One" }));
    expect(error).toMatchObject({ status: 422, type: "server_error", code: "agent_unknown_error" });
    expect(error.message).not.toContain("secret");
    const wrong = await clientOf(app(() => [{ role: "king" }] as never));
    expect(await errorOf(wrong.responses.compact({ model: MODEL, input: "One" }))).toMatchObject({
      code: "agent_error",
    });
  });
});

describe("a compaction that comes back", () => {
  const pack = (value: unknown) =>
    `asr1.${deflateRawSync(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")}`;
  const nested = `{"messages":[],"stands_for":[],"more":${"[".repeat(500)}${"]".repeat(500)}}`;

  it.each([
    ["nothing of this server's", "gAAAAA"],
    ["damaged", "asr1.AAAA"],
    ["cut off", pack({ messages: [], stands_for: [] }).slice(0, 20)],
    ["no JSON", pack("{")],
    ["another thing", pack([])],
    ["messages of no role that there is", pack({ messages: [{ role: "king" }], stands_for: [] })],
    ["nested too deeply", pack(nested)],
    ["out to poison prototypes", pack('{"messages":[],"stands_for":[],"__proto__":{"a":1}}')],
    ["a bomb", pack({ messages: [], stands_for: [], more: "0".repeat(200_000) })],
  ])("%s is a 400 that names the item", async (_, encrypted_content) => {
    const client = await clientOf(historicalApp({ bodyLimit: 100_000 }));
    const input = [{ type: "compaction", id: "c", encrypted_content } as const];
    for (const ask of [
      () => client.responses.create({ input }),
      () => client.responses.compact({ model: MODEL, input }),
      () => client.responses.inputTokens.count({ input }),
    ]) {
      const error = await errorOf(ask());
      expect(error).toMatchObject({
        status: 400,
        param: "input[0].encrypted_content",
        code: "invalid_value",
      });
    }
  });

  it("is bounded together with all others of the request", async () => {
    const client = await clientOf(historicalApp({ bodyLimit: 100_000 }));
    const big = { role: "user", content: [{ type: "text", text: "a".repeat(60_000) }] };
    const item = {
      type: "compaction",
      encrypted_content: pack({ messages: [big], stands_for: [] }),
    } as const;
    await client.responses.create({ input: [item] });
    const error = await errorOf(client.responses.create({ input: [item, item] }));
    expect(error).toMatchObject({ status: 400, param: "input[1].encrypted_content" });
  });
});

it("many compactions in one request are refused before they take the server's time", async () => {
  const client = await clientOf(historicalApp());
  const { output } = await client.responses.compact({ model: MODEL, input: "One" });
  const input = Array.from({ length: 10_000 }, () => output.at(-1) as ResponseInputItem);
  const error = await errorOf(client.responses.create({ input }));
  expect(error).toMatchObject({ status: 400, param: "input[16].encrypted_content" });
});

it("what could not come back is not given out", async () => {
  const client = await clientOf(historicalApp({ bodyLimit: 4000 }));
  const first = await client.responses.create({ input: "a".repeat(3000) });
  const error = await errorOf(
    client.responses.compact({ model: MODEL, previous_response_id: first.id, input: "b".repeat(3000) }),
  );
  expect(error).toMatchObject({ status: 400, code: "context_length_exceeded" });
});

it("an unknown past is a 400, and one that goes on still is too", async () => {
  const gate = Promise.withResolvers<void>();
  const app = openaiApp().query(text(), async () => {
    await gate.promise;
    return "ok";
  });
  const client = await clientOf(app);
  const unknown = client.responses.compact({ model: MODEL, previous_response_id: "r" });
  expect(await errorOf(unknown)).toMatchObject({ status: 400, code: "previous_response_not_found" });
  const { id } = await client.responses.create({ input: "Hi", background: true });
  const early = client.responses.compact({ model: MODEL, previous_response_id: id });
  expect(await errorOf(early)).toMatchObject({ status: 400, code: "unsupported_value" });
  gate.resolve();
});

it("another user's responses are not there, neither to compact nor to count", async () => {
  const app = historicalApp({ authenticate: ({ headers }) => ({ userId: String(headers.authorization) }) });
  const alice = await clientOf(app, { apiKey: "alice" });
  const bob = alice.withOptions({ apiKey: "bob" });
  const { id } = await alice.responses.create({ input: "One" });
  const asked = { previous_response_id: id };
  for (const ask of [
    () => bob.responses.compact({ model: MODEL, ...asked }),
    () => bob.responses.inputTokens.count(asked),
  ]) {
    expect(await errorOf(ask())).toMatchObject({ status: 400, code: "previous_response_not_found" });
  }
});

it("a store that fails is a 500, and nothing of it is lost", async () => {
  class FailingHistory extends InMemorySessionHistoryService {
    broken = false;
    override async getMessages(...args: Parameters<InMemorySessionHistoryService["getMessages"]>) {
      if (this.broken) throw new RuntimeError("DATABASE_ERROR", "The history is away.");
      return super.getMessages(...args);
    }
  }
  const history = new FailingHistory();
  const client = await clientOf(historicalApp({ runStore: new InMemoryRunStore() }, history));
  const { id } = await client.responses.create({ input: "One" });
  history.broken = true;
  const error = await errorOf(client.responses.compact({ model: MODEL, previous_response_id: id }));
  expect(error).toMatchObject({ status: 500, code: "database_error" });
  expect(error.headers?.get("x-should-retry")).toBe("false");
  history.broken = false;
  const { output } = await client.responses.compact({ model: MODEL, previous_response_id: id });
  expect(textsOf(output)).toEqual([["One"], "compaction"]);
});
