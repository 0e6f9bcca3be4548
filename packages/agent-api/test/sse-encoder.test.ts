import { encodeSseComment, encodeSseEvent, encodeSseRetry } from "@agentscope-runtime/agent-api";
import { expect, test } from "vitest";

test("an event is its name, its id and its data, ended by an empty line", () => {
  expect(encodeSseEvent({ data: '{"a":1}' })).toBe('data: {"a":1}\n\n');
  expect(encodeSseEvent({ data: "你好", id: "7", event: "delta" })).toBe(
    "event: delta\nid: 7\ndata: 你好\n\n",
  );
  expect(encodeSseEvent({ data: "", id: undefined, event: undefined })).toBe("data: \n\n");
});

test("line breaks of any kind in data become lines of their own", () => {
  expect(encodeSseEvent({ data: "a\nb\r\nc\rd\n\r" })).toBe(
    "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: \n\n",
  );
});

test.each(["\n", "\r", "\r\n", "\0"])("ids and event names that hold %j are refused", (character) => {
  const value = `1${character}data: forged`;
  expect(() => encodeSseEvent({ data: "", id: value })).toThrow(/SSE id holds no line break and no NUL/);
  expect(() => encodeSseEvent({ data: "", event: value })).toThrow(
    /SSE event holds no line break and no NUL/,
  );
});

test("a comment has a colon before each of its lines", () => {
  expect(encodeSseComment("heartbeat")).toBe(": heartbeat\n\n");
  expect(encodeSseComment("")).toBe(": \n\n");
  expect(encodeSseComment("a\ndata: forged\r\n\rb")).toBe(": a\n: data: forged\n: \n: b\n\n");
});

test("a retry is written in digits only", () => {
  expect(encodeSseRetry(3000)).toBe("retry: 3000\n\n");
  expect(encodeSseRetry(1.9)).toBe("retry: 1\n\n");
  expect(encodeSseRetry(-5)).toBe("retry: 0\n\n");
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 1e21]) {
    expect(() => encodeSseRetry(wrong)).toThrow(TypeError);
  }
});
