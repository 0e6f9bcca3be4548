import type { Message } from "@agentscope-runtime/agent-api";
import { type AgentPart, InMemorySessionHistoryService, text } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { clientOf, openaiApp, parts, scriptedApp } from "./support/serve.ts";

const PNG = "iVBORw0KGgo=";
const script: AgentPart[] = [
  { kind: "text-delta", messageId: "M1", text: "Look:" },
  { kind: "image", messageId: "M1", url: `data:image/png;base64,${PNG}` },
  { kind: "image", messageId: "M1", url: "https://example.com/a (1).png" },
  { kind: "audio", messageId: "M1", data: "UklGRg==", format: "mp3" },
  { kind: "file", messageId: "M1", url: "https://example.com/a.pdf", filename: "a].pdf" },
  { kind: "file", messageId: "M1", data: "JVBERg==", filename: "b.pdf" },
  { kind: "file", messageId: "M1", fileId: "file_1" },
  { kind: "data", messageId: "M1", data: { answer: 42 } },
];

function citation(text: string, url: string, title: string) {
  const annotation = { type: "url_citation", start_index: 0, end_index: text.length, title, url };
  return { type: "output_text", text, annotations: [annotation] };
}

const shown = [
  {
    type: "message",
    status: "completed",
    content: [
      { type: "output_text", text: "Look:", annotations: [] },
      citation("![image](https://example.com/a%20%281%29.png)", "https://example.com/a (1).png", "image"),
      citation("[audio]", "data:audio/mp3;base64,UklGRg==", "audio"),
      citation("[a_.pdf](https://example.com/a.pdf)", "https://example.com/a.pdf", "a].pdf"),
      citation("[b.pdf]", "data:application/octet-stream;base64,JVBERg==", "b.pdf"),
      {
        type: "output_text",
        text: "[file]",
        annotations: [{ type: "file_path", file_id: "file_1", index: 0 }],
      },
      { type: "output_text", text: '{"answer":42}', annotations: [] },
    ],
  },
  { type: "image_generation_call", status: "completed", result: PNG, output_format: "png" },
];

describe("media of an answer", () => {
  it("are items and citations in JSON, and add up to the same in a stream", async () => {
    const client = await clientOf(scriptedApp(script));
    expect((await client.responses.create({ input: "Hi" })).output).toMatchObject(shown);
    const streamed = await client.responses.stream({ input: "Hi" }).finalResponse();
    expect(streamed.output).toMatchObject(shown);
  });

  it("are listed in a conversation as they were answered", async () => {
    const history = new InMemorySessionHistoryService();
    const app = openaiApp()
      .init(async () => {
        await history.start();
        return { history };
      })
      .services((resources) => resources)
      .query(parts(), function* () {
        yield* script;
      });
    const client = await clientOf(app);
    const { id } = await client.conversations.create();
    const { output } = await client.responses.create({ input: "Hi", conversation: id });
    const { data } = await client.conversations.items.list(id, { order: "asc" });
    expect(data.slice(1)).toEqual(output);
    expect(await client.conversations.items.retrieve(data[2]?.id ?? "", { conversation_id: id })).toEqual(
      output[1],
    );
  });

  it("can be sent back, so that the agent sees the image that was made", async () => {
    const seen: Message[] = [];
    const app = openaiApp().query(text(), ({ request }) => {
      seen.push(...request.input);
      return "ok";
    });
    const client = await clientOf(app);
    const image = { type: "image_generation_call", id: "ig_1", status: "completed" } as const;
    const unmade = { ...image, id: "ig_2", result: null };
    await client.responses.create({ input: [{ ...image, result: PNG }, unmade] });
    expect(seen).toMatchObject([
      { role: "assistant", content: [{ type: "image", image_url: `data:image/png;base64,${PNG}` }] },
    ]);
  });
});

describe("media of a request", () => {
  it("reach the agent: images and files by URL and with their bytes", async () => {
    const seen: Message[] = [];
    const app = openaiApp().query(text(), ({ request }) => {
      seen.push(...request.input);
      return "ok";
    });
    const image = `data:image/png;base64,${PNG}`;
    const content = [
      { type: "input_image", image_url: "https://example.com/a.png", detail: "auto" },
      { type: "input_image", image_url: image, detail: "low" },
      { type: "input_file", file_url: "https://example.com/a.pdf" },
      { type: "input_file", filename: "b.pdf", file_data: "data:application/pdf;base64,JVBERg==" },
    ] as const;
    const client = await clientOf(app);
    await client.responses.create({ input: [{ role: "user", content: [...content] }] });
    expect(seen[0]?.content).toMatchObject([
      { type: "image", image_url: "https://example.com/a.png" },
      { type: "image", image_url: image },
      { type: "file", file_url: "https://example.com/a.pdf" },
      { type: "file", filename: "b.pdf", file_data: "data:application/pdf;base64,JVBERg==" },
    ]);
  });
});
