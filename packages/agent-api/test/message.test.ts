import { Message, messageTypes } from "@agentscope-runtime/agent-api";
import { expect, test } from "vitest";

test("a message needs no key at all, and is filled in in the wire's order", () => {
  const { id, ...rest } = Message.parse({});
  expect(id).toMatch(/^msg_[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  expect(JSON.stringify(rest)).toBe(
    '{"sequence_number":null,"object":"message","status":"created","error":null,"type":"message","role":null,"content":null,"code":null,"message":null,"usage":null,"metadata":null}',
  );
  expect(Object.keys(Message.parse({}))[4]).toBe("id");
});

test("every message without an id gets one of its own", () => {
  const ids = [{}, { id: null }, { id: undefined }, {}].map((message) => Message.parse(message).id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a complete message goes through as it stands on the wire", () => {
  const wire =
    '{"sequence_number":5,"object":"message","status":"failed","error":{"code":"MODEL_TIMEOUT","message":"Too slow."},"id":"m1","type":"reasoning","role":"assistant","content":[{"sequence_number":null,"object":"content","status":"completed","error":null,"type":"text","index":0,"delta":false,"msg_id":"m1","text":"Hm."}],"code":"c","message":"m","usage":{"input_tokens":3,"details":{"cached":1}},"metadata":{"trace":["a"]}}';
  expect(JSON.stringify(Message.parse(JSON.parse(wire)))).toBe(wire);
  const reversed = Object.fromEntries(Object.entries(JSON.parse(wire)).reverse());
  expect(JSON.stringify(Message.parse(reversed))).toBe(wire);
});

test("unknown keys of a message and of its content are dropped", () => {
  const message = Message.parse({
    role: "user",
    name: "Alice",
    content: [{ type: "text", text: "Hi", x: 1 }],
  });
  expect(message).not.toHaveProperty("name");
  expect(message.content?.[0]).not.toHaveProperty("x");
});

test.each([...messageTypes, "something_new"])("the type %s is taken", (type) => {
  expect(Message.parse({ type }).type).toBe(type);
});

test.each(["user", "assistant", "system", "tool", null])("the role %s is taken", (role) => {
  expect(Message.parse({ role }).role).toBe(role);
});

test("content may be absent, null, empty or of several types at once", () => {
  expect(Message.parse({ content: null }).content).toBeNull();
  expect(Message.parse({ content: [] }).content).toEqual([]);
  const types = ["text", "image", "text", "data"];
  const message = Message.parse({ content: types.map((type) => ({ type })) });
  expect(message.content?.map((content) => content.type)).toEqual(types);
});

test("parsing leaves what was parsed as it was", () => {
  const given = { role: "user", content: [{ type: "text", text: "Hi" }], extra: 1 };
  const before = structuredClone(given);
  Message.parse(given);
  expect(given).toEqual(before);
});

test.each<[problem: string, value: unknown]>([
  ["content that is a bare string", { content: "Hi" }],
  ["content that is an object", { content: { type: "text", text: "Hi" } }],
  ["content that holds a bare string", { content: ["Hi"] }],
  ["content of an unknown type", { content: [{ type: "hologram" }] }],
  ["a role nobody knows", { role: "developer" }],
  ["an empty role", { role: "" }],
  ["an empty type", { type: "" }],
  ["a type that is a number", { type: 1 }],
  ["a type of null", { type: null }],
  ["a status nobody knows", { status: "cancelled" }],
  ["an object of another kind", { object: "response" }],
  ["an empty id", { id: "" }],
  ["an id of 1025 characters", { id: "x".repeat(1025) }],
  ["an id that is a number", { id: 7 }],
  ["metadata that is a list", { metadata: [] }],
  ["usage that is a number", { usage: 3 }],
  ["nothing", null],
])("a message is refused for %s", (_problem, value) => {
  expect(Message.safeParse(value).success).toBe(false);
});
