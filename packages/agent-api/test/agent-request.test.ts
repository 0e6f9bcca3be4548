import { AgentRequest, type AgentRequestInput } from "@agentscope-runtime/agent-api";
import { describe, expect, expectTypeOf, test } from "vitest";

describe("the body of a request", () => {
  test("needs nothing but an input, and is filled in as recorded of the Python server", () => {
    expect(JSON.stringify(AgentRequest.parse({ input: [] }))).toBe(
      '{"input":[],"stream":true,"id":null,"model":null,"top_p":null,"temperature":null,"frequency_penalty":null,"presence_penalty":null,"max_tokens":null,"stop":null,"n":1,"seed":null,"tools":null,"session_id":null,"user_id":null}',
    );
  });

  test("keeps what was sent, and takes null for every setting that may be absent", () => {
    const sent = {
      input: [],
      stream: false,
      id: "response_1",
      model: "qwen-turbo",
      top_p: 0.5,
      temperature: 0,
      frequency_penalty: -1,
      presence_penalty: 2,
      max_tokens: 100,
      stop: ["END"],
      n: 5,
      seed: 42,
      tools: [{ type: "function", function: { name: "search", description: null, parameters: null } }],
      session_id: "s1",
      user_id: "u1",
      on_disconnect: "cancel",
      continues: "response_0",
    };
    expect(JSON.stringify(AgentRequest.parse(sent))).toBe(JSON.stringify(sent));

    const { input, stream, on_disconnect, continues, ...settings } = sent;
    const empty = Object.fromEntries(Object.keys(settings).map((key) => [key, null]));
    expect(AgentRequest.parse({ input, ...empty })).toEqual({ input, stream: true, ...empty });
  });

  test("is written in the wire's order, whatever order it came in", () => {
    const keys = Object.keys(
      AgentRequest.parse({ user_id: "u", extra: 1, stream: true, input: [], id: "r" }),
    );
    expect(keys).toEqual([...Object.keys(AgentRequest.parse({ input: [] })), "extra"]);
  });

  test("keeps unknown keys, which are the handler's to read", () => {
    const request = AgentRequest.parse({ input: [], tenant: { plan: "gold" }, top_k: 3 });
    expect(request).toMatchObject({ tenant: { plan: "gold" }, top_k: 3 });
    expectTypeOf(request.tenant).toEqualTypeOf<unknown>();
  });

  test("cannot replace a prototype by a key", () => {
    const body = '{"input":[{"metadata":{"__proto__":{"a":1}}}],"__proto__":{"admin":true}}';
    const request = AgentRequest.parse(JSON.parse(body));
    expect(Object.getPrototypeOf(request)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(request.input[0]?.metadata)).toBe(Object.prototype);
    expect(request).not.toHaveProperty("admin");
  });

  test("takes one stop word or several", () => {
    expect(AgentRequest.parse({ input: [], stop: "END" }).stop).toBe("END");
    expect(AgentRequest.parse({ input: [], stop: ["a", "b"] }).stop).toEqual(["a", "b"]);
  });

  test("takes tools of any further shape", () => {
    const tools = [{ type: "web_search", region: "eu" }, { function: { name: "f", strict: true } }];
    expect(AgentRequest.parse({ input: [], tools }).tools).toEqual([
      tools[0],
      { type: "function", function: { name: "f", strict: true } },
    ]);
  });

  test("may be written by a caller without what is filled in", () => {
    expectTypeOf({
      input: [{ role: "user" as const, content: [{ type: "text" as const, text: "Hi" }] }],
    }).toExtend<AgentRequestInput>();
  });
});

const long = "x".repeat(1025);

test.each<[problem: string, body: unknown]>([
  ["no object", []],
  ["nothing", null],
  ["no input", {}],
  ["an input that is no list", { input: "Hi" }],
  ["an input of null", { input: null }],
  ["a message that is no object", { input: ["Hi"] }],
  ["content that is a bare string", { input: [{ role: "user", content: "Hi" }] }],
  ["a role nobody knows", { input: [{ role: "root", content: [] }] }],
  ["a content type nobody knows", { input: [{ role: "user", content: [{ type: "hologram" }] }] }],
  ["content without a type", { input: [{ role: "user", content: [{ text: "Hi" }] }] }],
  ["n below 1", { input: [], n: 0 }],
  ["n above 5", { input: [], n: 6 }],
  ["n between two numbers", { input: [], n: 1.5 }],
  ["n as text", { input: [], n: "1" }],
  ["a stream of null", { input: [], stream: null }],
  ["a stream as text", { input: [], stream: "yes" }],
  ["a temperature as text", { input: [], temperature: "0" }],
  ["max_tokens between two numbers", { input: [], max_tokens: 1.5 }],
  ["a stop that is a number", { input: [], stop: 1 }],
  ["tools that are no list", { input: [], tools: {} }],
  ["a tool that is no object", { input: [], tools: ["search"] }],
  ["a function without a name", { input: [], tools: [{ function: {} }] }],
  ["an id that is a number", { input: [], id: 1 }],
  ["an id of 1025 characters", { input: [], id: long }],
  ["a session_id of 1025 characters", { input: [], session_id: long }],
  ["a user_id of 1025 characters", { input: [], user_id: long }],
  ["an on_disconnect nobody knows", { input: [], on_disconnect: "explode" }],
  ["an empty continues", { input: [], continues: "" }],
  ["a continues of 1025 characters", { input: [], continues: long }],
])("a request is refused for %s", (_problem, body) => {
  expect(AgentRequest.safeParse(body).success).toBe(false);
});

test("the error of a refused request says where the fault is", () => {
  const result = AgentRequest.safeParse({
    input: [{ content: [{ type: "text" }, { type: "hologram" }] }],
    n: 9,
  });
  expect(result.error?.issues.map((issue) => issue.path.join("."))).toEqual(["input.0.content.1.type", "n"]);
});

test("ids of 1024 characters are taken", () => {
  const id = "x".repeat(1024);
  const ids = { id, session_id: id, user_id: id, continues: id };
  expect(AgentRequest.parse({ input: [], ...ids })).toMatchObject(ids);
});
