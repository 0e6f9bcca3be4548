import type { AgentPart } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { clientOf, scriptedApp } from "./support/serve.ts";

const say = (text: string): AgentPart => ({ kind: "text-delta", messageId: "M1", text });

it.each<[string, readonly AgentPart[], string]>([
  [
    "an image that is elsewhere",
    [say("See:"), { kind: "image", messageId: "M1", url: "https://x/a (1).png" }, say("Nice.")],
    "See:\n\n![image](https://x/a%20%281%29.png)\n\nNice.",
  ],
  [
    "an image in the answer",
    [{ kind: "image", messageId: "M1", url: "data:image/png;base64,QUJD" }],
    "![image](data:image/png;base64,QUJD)",
  ],
  [
    "audio",
    [say("Hear:"), { kind: "audio", messageId: "M1", data: "UklGRg==", format: "wav" }],
    "Hear:\n\n[audio](data:audio/wav;base64,UklGRg==)",
  ],
  ["a video", [{ kind: "video", messageId: "M1", url: "https://x/a.mp4" }], "[video](https://x/a.mp4)"],
  [
    "files",
    [
      { kind: "file", messageId: "M1", filename: "a]b.txt", data: "SGk=" },
      { kind: "file", messageId: "M1", filename: "c.pdf", url: "https://x/c.pdf" },
    ],
    "[a_b.txt](data:application/octet-stream;base64,SGk=)\n\n[c.pdf](https://x/c.pdf)",
  ],
  ["data", [say("Is:"), { kind: "data", messageId: "M1", data: { a: 1 } }], 'Is:\n\n{"a":1}'],
])("%s in an answer is Markdown, in both modes", async (_, script, content) => {
  const client = await clientOf(scriptedApp(script));
  const params = { model: "x", messages: [{ role: "user" as const, content: "Hi" }] };
  const { choices } = await client.chat.completions.create(params);
  expect(choices[0]?.message.content).toBe(content);
  const streamed = await client.chat.completions.stream(params).finalChatCompletion();
  expect(streamed.choices[0]?.message.content).toBe(content);
});
