import { Content, type ContentType } from "@agentscope-runtime/agent-api";
import { describe, expect, test } from "vitest";

const base = '"sequence_number":null,"object":"content","status":null,"error":null';
const slot = '"index":null,"delta":false,"msg_id":null';
const event = '"sequence_number":3,"object":"content","status":"in_progress","error":null';
const filled = '"index":0,"delta":true,"msg_id":"msg_1"';

const payloads: Record<ContentType, { empty: string; full: string }> = {
  text: { empty: '"text":null', full: '"text":"Hi"' },
  data: { empty: '"data":null', full: '"data":{"call_id":"c","nested":{"a":[1,null]}}' },
  image: { empty: '"image_url":null', full: '"image_url":"data:image/png;base64,QUJD"' },
  audio: { empty: '"data":null,"format":null', full: '"data":"QUJD","format":"wav"' },
  video: { empty: '"video_url":null', full: '"video_url":"https://example.com/a.mp4"' },
  file: {
    empty: '"file_url":null,"file_id":null,"filename":null,"file_data":null',
    full: '"file_url":"https://example.com/a","file_id":"f1","filename":"a.txt","file_data":"QUJD"',
  },
  refusal: { empty: '"refusal":null', full: '"refusal":"No."' },
};

describe.each(Object.entries(payloads))("content of type %s", (type, { empty, full }) => {
  const wire = `{${event},"type":"${type}",${filled},${full}}`;

  test("needs no key but its type; the others are null, and delta is false", () => {
    expect(JSON.stringify(Content.parse({ type }))).toBe(`{${base},"type":"${type}",${slot},${empty}}`);
  });

  test("goes through as it stands on the wire", () => {
    expect(JSON.stringify(Content.parse(JSON.parse(wire)))).toBe(wire);
  });

  test("is written in the wire's order, whatever order it came in", () => {
    const reversed = Object.fromEntries(Object.entries(JSON.parse(wire)).reverse());
    expect(JSON.stringify(Content.parse(reversed))).toBe(wire);
  });

  test("loses keys that do not belong to it", () => {
    expect(JSON.stringify(Content.parse({ ...JSON.parse(wire), cache_control: {}, model: "m" }))).toBe(wire);
  });

  test("refuses a payload of another kind", () => {
    const keys = Object.keys(JSON.parse(`{${empty}}`));
    for (const key of keys) expect(Content.safeParse({ type, [key]: 42 }).success).toBe(false);
  });
});

test("a delta of null, as Python servers send it, is read as false", () => {
  expect(Content.parse({ type: "text", text: "Hi", delta: null }).delta).toBe(false);
});

test("an error on a slot is kept, with codes of any catalogue", () => {
  const error = { code: "NEW_CODE", message: "Something new." };
  expect(Content.parse({ type: "text", status: "failed", error })).toMatchObject({ status: "failed", error });
});

test.each<[problem: string, value: unknown]>([
  ["no type", { text: "Hi" }],
  ["a type of null", { type: null }],
  ["an unknown type", { type: "hologram" }],
  ["a type in capitals", { type: "TEXT" }],
  ["a bare string", "Hi"],
  ["nothing", null],
  ["an object of another kind", { type: "text", object: "message" }],
  ["a status nobody knows", { type: "text", status: "cancelled" }],
  ["a negative index", { type: "text", index: -1 }],
  ["an index as text", { type: "text", index: "0" }],
  ["a delta as text", { type: "text", delta: "true" }],
  ["a fractional sequence_number", { type: "text", sequence_number: 0.5 }],
  ["a negative sequence_number", { type: "text", sequence_number: -1 }],
  ["an error without a code", { type: "text", error: { message: "Oh." } }],
  ["data that is a list", { type: "data", data: [] }],
])("content is refused for %s", (_problem, value) => {
  expect(Content.safeParse(value).success).toBe(false);
});
