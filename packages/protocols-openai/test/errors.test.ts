import {
  InMemoryRunStore,
  type LogEntry,
  type ReadRunOptions,
  RuntimeError,
  text,
} from "@agentscope-runtime/core";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { clientOf, openaiApp, serve } from "./support/serve.ts";

const app = (options = {}) => openaiApp(options).query(text(), () => "ok");
const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
  headers.authorization === "Bearer right" ? { userId: "alice" } : undefined;

async function errorOf(asked: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof OpenAI.APIError) return error;
  throw new Error(`This was not refused as OpenAI would: ${error}`);
}

it("wrong credentials are 401 invalid_api_key, in both modes", async () => {
  const client = await clientOf(app({ authenticate }), { apiKey: "wrong" });
  for (const stream of [false, true]) {
    const error = await errorOf(client.responses.create({ input: "Hi", stream }));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ code: "invalid_api_key", type: "invalid_request_error", param: null });
    expect(error.requestID).toBeTruthy();
  }
  await expect(client.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
});

it("right credentials say who asks, whatever user the request names", async () => {
  const seen: string[] = [];
  const guarded = openaiApp({ authenticate }).query(text(), ({ request }) => {
    seen.push(request.user_id);
    return "ok";
  });
  const client = await clientOf(guarded, { apiKey: "right" });
  await client.responses.create({ input: "Hi", user: "bob" });
  expect(seen).toEqual(["alice"]);
});

const tools = [{ type: "function", name: "add", parameters: null, strict: null }];
const choice = (name: string) => ({ type: "function", name });

const wrong: readonly [string, unknown, string | null, string][] = [
  ["no input", {}, "input", "missing_required_parameter"],
  ["a wrong input", { input: 5 }, "input", "invalid_value"],
  ["a wrong role", { input: [{ role: "root", content: "Hi" }] }, "input[0].role", "invalid_value"],
  ["a role of nothing", { input: [{ role: null, content: "Hi" }] }, "input[0].role", "invalid_value"],
  ["no content", { input: [{ role: "user" }] }, "input[0].content", "missing_required_parameter"],
  [
    "an unknown part",
    { input: [{ role: "user", content: [{ type: "hologram" }] }] },
    "input[0].content[0].type",
    "invalid_value",
  ],
  ["an unknown item", { input: [{ type: "item_reference", id: "x" }] }, "input[0].type", "invalid_value"],
  [
    "an image without URL",
    { input: [{ role: "user", content: [{ type: "input_image", file_id: "f" }] }] },
    "input[0].content[0].image_url",
    "missing_required_parameter",
  ],
  ["a hosted tool", { input: "Hi", tools: [{ type: "web_search" }] }, "tools[0].type", "invalid_value"],
  ["an unknown function", { input: "Hi", tool_choice: choice("sub"), tools }, "tool_choice", "invalid_value"],
  ["a choice of nothing", { input: "Hi", tool_choice: choice("add") }, "tool_choice", "invalid_value"],
  ["a choice of no kind", { input: "Hi", tool_choice: "maybe" }, "tool_choice", "invalid_value"],
  [
    "the choice of a hosted tool",
    { input: "Hi", tool_choice: { type: "file_search" } },
    "tool_choice.type",
    "invalid_value",
  ],
  [
    "the choice of a server that is not there",
    { input: "Hi", tool_choice: { type: "mcp", server_label: "github" } },
    "tool_choice.server_label",
    "invalid_value",
  ],
  [
    "a text of an unknown format",
    { input: "Hi", text: { format: { type: "yaml" } } },
    "text.format",
    "invalid_value",
  ],
  [
    "a schema that can't be used",
    { input: "Hi", text: { format: { type: "json_schema", name: "x", schema: { type: "town" } } } },
    "text.format.schema",
    "invalid_value",
  ],
  [
    "a text of no format",
    { input: "Hi", text: { format: {} } },
    "text.format.type",
    "missing_required_parameter",
  ],
  ["a prompt template", { input: "Hi", prompt: { id: "p" } }, "prompt", "unsupported_parameter"],
  ["long metadata", { input: "Hi", metadata: { a: "b".repeat(513) } }, "metadata.a", "invalid_value"],
  [
    "much metadata",
    { input: "Hi", metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ""])) },
    "metadata",
    "invalid_value",
  ],
  ["no tokens", { input: "Hi", max_output_tokens: 0 }, "max_output_tokens", "invalid_value"],
  [
    "two pasts",
    { input: "Hi", conversation: "c", previous_response_id: "r" },
    "previous_response_id",
    "mutually_exclusive_parameters",
  ],
  [
    "an unknown past",
    { input: "Hi", previous_response_id: "r" },
    "previous_response_id",
    "previous_response_not_found",
  ],
];

it.each(wrong)("%s is a 400 that names the parameter", async (_, body, param, code) => {
  const client = await clientOf(app());
  const error = await errorOf(client.responses.create(body as never));
  expect(error).toBeInstanceOf(OpenAI.BadRequestError);
  expect(error).toMatchObject({ type: "invalid_request_error", param, code });
});

describe("a body that", () => {
  const post = async (body: string, contentType = "application/json") => {
    const headers = { "content-type": contentType };
    const server = await serve(app({ bodyLimit: 4096 }));
    const answer = await fetch(`${server}/v1/responses`, { method: "POST", headers, body });
    return [answer.status, await answer.json()];
  };
  const refusal = (code: string) => ({
    error: { message: expect.any(String), type: "invalid_request_error", param: null, code },
  });

  it("is not JSON is refused in the same shape", async () => {
    expect(await post("{")).toEqual([400, refusal("invalid_value")]);
    expect(await post("")).toEqual([400, refusal("invalid_value")]);
    expect(await post("null")).toEqual([400, refusal("invalid_value")]);
    expect(await post("[]")).toEqual([400, refusal("invalid_value")]);
    expect(await post("Hi", "text/plain")).toEqual([415, refusal("unsupported_media_type")]);
  });

  it("is too large or nests too deeply is refused in the same shape", async () => {
    expect(await post(JSON.stringify({ input: "a".repeat(5000) }))).toEqual([
      413,
      refusal("payload_too_large"),
    ]);
    expect(await post(`{"input":${"[".repeat(500)}${"]".repeat(500)}}`)).toEqual([
      400,
      refusal("invalid_value"),
    ]);
  });

  it("poisons prototypes is refused", async () => {
    expect((await post('{"input":"Hi","__proto__":{"polluted":true}}'))[0]).toBe(400);
  });

  it("names fields of the Agent API does not reach them", async () => {
    const seen: unknown[] = [];
    const server = await serve(
      openaiApp().query(text(), ({ request }) => {
        seen.push(request);
        return "ok";
      }),
    );
    const own = { id: "mine", session_id: "s", user_id: "u", continues: "x", on_disconnect: "cancel", n: 3 };
    const body = JSON.stringify({ input: "Hi", ...own });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${server}/v1/responses`, { method: "POST", headers, body });
    expect(answer.status).toBe(200);
    for (const [key, value] of Object.entries(own)) expect(seen[0]).not.toHaveProperty(key, value);
  });
});

it("a full queue is a 429 that says when to try again", async () => {
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const busy = openaiApp({ runs: { maxQueuedRuns: 0 } }).query(text(), async () => {
    started.resolve();
    await gate.promise;
    return "ok";
  });
  const client = await clientOf(busy);
  const first = client.responses.create({ input: "Hi", conversation: "c" });
  await started.promise;
  const error = await errorOf(client.responses.create({ input: "Hi", conversation: "c" }));
  expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  expect(error).toMatchObject({ code: "rate_limit_exceeded", type: "too_many_requests" });
  expect(Number(error.headers?.get("retry-after"))).toBeGreaterThan(0);
  expect(error.headers?.has("x-should-retry")).toBe(false);
  gate.resolve();
  await first;
});

it("a failure inside the server is a 500 that is not to be sent again", async () => {
  let asked = 0;
  const broken = app({
    authenticate: () => {
      asked++;
      throw new RuntimeError("DATABASE_ERROR", "The users can't be looked up.");
    },
  });
  const client = await clientOf(broken, { maxRetries: 2 });
  const error = await errorOf(client.responses.create({ input: "Hi" }));
  expect(error).toMatchObject({ status: 500, type: "server_error", code: "database_error" });
  expect(asked).toBe(1);
});

it("input that the adapter can't convert is a 422", async () => {
  const adapter = text();
  const picky = openaiApp().query(
    {
      ...adapter,
      toInput: () => {
        throw new Error("no");
      },
    },
    () => "ok",
  );
  const error = await errorOf((await clientOf(picky)).responses.create({ input: "Hi" }));
  expect(error).toBeInstanceOf(OpenAI.UnprocessableEntityError);
  expect(error.code).toBe("input_not_convertible");
});

describe("a log that can't be read to its end", () => {
  class BrokenRunStore extends InMemoryRunStore {
    override async *read(runId: string, options: ReadRunOptions = {}): AsyncGenerator<readonly LogEntry[]> {
      for await (const [entry] of super.read(runId, options)) {
        if (entry !== undefined) yield [entry];
        throw new RuntimeError("DATABASE_ERROR", "The log can't be read.");
      }
    }
  }

  it("ends the stream with an error, which the SDK throws", async () => {
    const client = await clientOf(app({ runStore: new BrokenRunStore() }));
    const types: string[] = [];
    const read = async () => {
      const stream = await client.responses.create({ input: "Hi", stream: true });
      for await (const { type } of stream) types.push(type);
    };
    const error = await errorOf(read());
    expect(error).toMatchObject({ code: "database_error", message: "The log can't be read." });
    expect(types).toEqual(["response.created"]);
    const final = client.responses.stream({ input: "Hi" }).finalResponse();
    await expect(final).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  it("is a 500 that is not to be sent again, since the run was started", async () => {
    const client = await clientOf(app({ runStore: new BrokenRunStore() }));
    const error = await errorOf(client.responses.create({ input: "Hi" }));
    expect(error).toMatchObject({ status: 500, code: "database_error" });
    expect(error.headers?.get("x-should-retry")).toBe("false");
  });
});
