import { AgentEvent } from "@agentscope-runtime/agent-api";
import { describe, expect, test } from "vitest";

describe("an event", () => {
  test.each([
    { object: "response", id: "response_1", created_at: 1765000000 },
    { object: "message", id: "msg_1" },
    { object: "content", type: "text" },
    { object: "content", type: "image" },
  ])("is told apart by its object: $object $type", (event) => {
    expect(AgentEvent.parse(event)).toMatchObject(event);
  });

  test("narrows by object, then by type", () => {
    const event = AgentEvent.parse({ object: "content", type: "text", text: "Hi" });
    const text = event.object === "content" && event.type === "text" ? event.text : undefined;
    expect(text).toBe("Hi");
  });

  test.each<[problem: string, value: unknown]>([
    ["an unknown object", { object: "session" }],
    ["no object", { id: "msg_1", role: "user" }],
    ["nothing in it", {}],
    ["the bare error line of a Python server", { error: "Unsupported message type: file" }],
    ["the body of an HTTP error", { error: { code: "QUEUE_FULL", message: "Try again later." } }],
    ["keys of another object", { object: "response", role: "user" }],
    ["content of an unknown type", { object: "content", type: "hologram" }],
    ["text", "[DONE]"],
  ])("is none with %s", (_problem, value) => {
    expect(AgentEvent.safeParse(value).success).toBe(false);
  });

  test("that is refused is reported with the place of the fault", () => {
    const event = { object: "message", content: [{ type: "text", text: 1 }] };
    expect(AgentEvent.safeParse(event).error?.issues[0]?.path).toEqual(["content", 0, "text"]);
  });
});
