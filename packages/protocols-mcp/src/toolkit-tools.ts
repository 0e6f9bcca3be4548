import type { McpToolContext, McpToolResult } from "./mcp-tool.ts";
import type { ServedTool } from "./served-tool.ts";
import { type McpContent, toInline, toMedium, toResource } from "./tool-content.ts";

/** The tools of an agent, as `Toolkit` of `@agentscope-runtime/agentscope` has them. */
export interface McpToolkit {
  getJsonSchemas(): readonly {
    readonly function: {
      readonly name: string;
      readonly description: string;
      readonly parameters: Readonly<Record<string, unknown>>;
    };
  }[];
  /** Each chunk holds all of the output so far. */
  callToolFunction(
    call: {
      readonly type: "tool_use";
      readonly id: string;
      readonly name: string;
      readonly input: Readonly<Record<string, unknown>>;
    },
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncIterable<McpToolkitChunk>;
}

export interface McpToolkitChunk {
  readonly content: readonly (
    | { readonly type: "text"; readonly text: string }
    | { readonly type: "image" | "audio" | "video"; readonly source: ToolkitSource }
  )[];
  readonly state: "running" | "success" | "error" | "interrupted";
}

type ToolkitSource =
  | { readonly type: "url"; readonly url: string; readonly media_type?: string | undefined }
  | { readonly type: "base64"; readonly media_type: string; readonly data: string };

/** The tools of a toolkit as they are now. */
export function toToolkitTools(toolkit: McpToolkit): readonly ServedTool[] {
  return toolkit.getJsonSchemas().map(({ function: { name, description, parameters } }) => ({
    listed: { name, description, inputSchema: { ...parameters, type: "object" } },
    call: (input, context) => callTool(toolkit, name, input, context),
  }));
}

async function callTool(
  toolkit: McpToolkit,
  name: string,
  input: Readonly<Record<string, unknown>>,
  { signal, progress }: McpToolContext,
): Promise<McpToolResult> {
  const id = `call_${crypto.randomUUID()}`;
  let chunk: McpToolkitChunk | undefined;
  let shown = "";
  for await (chunk of toolkit.callToolFunction({ type: "tool_use", id, name, input }, { signal })) {
    if (chunk.state !== "running") continue;
    const text = chunk.content.map((block) => (block.type === "text" ? block.text : "")).join("");
    await progress(text.startsWith(shown) ? text.slice(shown.length) : "");
    shown = text;
  }
  const failed = chunk?.state !== "success";
  return {
    content: (chunk?.content ?? []).flatMap((block) => toBlock(block) ?? []),
    ...(failed ? { isError: true } : {}),
  };
}

function toBlock(block: McpToolkitChunk["content"][number]): McpContent | undefined {
  if (block.type === "text") return { type: "text", text: block.text };
  const { type, source } = block;
  if (source.type === "url")
    return { type: "resource_link", uri: source.url, name: type, mimeType: source.media_type };
  const { data, media_type: mimeType } = source;
  if (type === "video") return toResource("video", { ...toInline(data), mimeType });
  return toMedium(data, type, mimeType);
}
