import type { AgentPart } from "@agentscope-runtime/core";
import { arbitraryPart } from "@agentscope-runtime/testing";
import fc from "fast-check";

const messageId = fc.constantFrom("M1", "M2", "msg_M1", "ig_msg_M1_0");
const url = fc.constantFrom(
  "",
  "https://example.com/a (1).png",
  "data:image/png;base64,QUJD",
  "data:image/svg+xml;charset=utf-8;base64,QUJD",
  "data:image/svg+xml,<svg/>",
  "data:image/png;base64,",
  "QUJD",
);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

/** Any part, with all media among them, and requests whose ids are those of images. */
export const arbitraryMediaPart: fc.Arbitrary<AgentPart> = fc.oneof(
  arbitraryPart,
  fc.record({ kind: fc.constantFrom("image", "video" as const), messageId, url }),
  fc.record({ kind: fc.constant("audio" as const), messageId, data: url, format: maybe(fc.string()) }),
  fc.record({
    kind: fc.constant("file" as const),
    messageId,
    url: maybe(url),
    data: maybe(url),
    fileId: maybe(fc.constantFrom("file_1", "")),
    filename: maybe(fc.constantFrom("a].pdf", "", "🦊\n")),
  }),
  fc.record({
    kind: fc.constant("data" as const),
    messageId,
    data: fc.dictionary(fc.string(), fc.jsonValue()),
  }),
  fc.record({
    kind: fc.constant("approval-request" as const),
    requestId: messageId,
    name: fc.constant("x"),
    arguments: fc.constant("{}"),
  }),
);
