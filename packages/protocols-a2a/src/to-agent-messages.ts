import type { Message, Part } from "@a2a-js/sdk";
import { Role } from "@a2a-js/sdk";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import type { MessageInput } from "@agentscope-runtime/agent-api";
import { McpApprovalResponse } from "@agentscope-runtime/agent-api";
import { PART_DETAILS, type PartDetails } from "./part-details.ts";

type Slot = NonNullable<MessageInput["content"]>[number];

/** The messages of the Agent API that a message of a client stands for: its answers to questions, then the rest of it. */
export function toAgentMessages({ messageId, role, parts, metadata }: Message): MessageInput[] {
  if (role !== Role.ROLE_USER) throw new RequestMalformedError("message.role must be ROLE_USER.");
  if (parts.length === 0) throw new RequestMalformedError("message.parts must have a part.");
  const answers = parts.flatMap((part) => toAnswer(part) ?? []);
  const said = parts.filter((part) => toAnswer(part) === undefined);
  const content = said.map(toSlot);
  const details = Object.fromEntries(said.flatMap((part, index) => toDetails(part, index, content)));
  const known = {
    ...metadata,
    ...(Object.keys(details).length === 0 ? {} : { [PART_DETAILS]: details }),
  };
  const rest: MessageInput = {
    id: messageId,
    status: "completed",
    type: "message",
    role: "user",
    content,
    ...(Object.keys(known).length === 0 ? {} : { metadata: known }),
  };
  return content.length === 0 ? answers : [...answers, rest];
}

function toAnswer({ content }: Part): MessageInput | undefined {
  if (content?.$case !== "data") return undefined;
  const answer = McpApprovalResponse.safeParse(content.value);
  if (!answer.success) return undefined;
  const slot: Slot = { type: "data", status: "completed", data: answer.data };
  return { status: "completed", type: "mcp_approval_response", role: "user", content: [slot] };
}

function toSlot({ content, filename, mediaType }: Part, index: number): Slot {
  const status = "completed" as const;
  const [kind] = mediaType.toLowerCase().split("/");
  switch (content?.$case) {
    case "text":
      return { type: "text", status, text: content.value };
    case "data":
      return {
        type: "data",
        status,
        data: isRecord(content.value) ? content.value : { value: content.value ?? null },
      };
    case "url": {
      const { value: url } = content;
      if (kind === "image") return { type: "image", status, image_url: url };
      if (kind === "video") return { type: "video", status, video_url: url };
      if (kind === "audio") return { type: "audio", status, data: url, format: formatOf(mediaType) };
      return { type: "file", status, file_url: url, filename: filename || null };
    }
    case "raw": {
      const base64 = content.value.toString("base64");
      const url = `data:${mediaType || "application/octet-stream"};base64,${base64}`;
      if (kind === "image") return { type: "image", status, image_url: url };
      if (kind === "video") return { type: "video", status, video_url: url };
      if (kind === "audio") return { type: "audio", status, data: base64, format: formatOf(mediaType) };
      return { type: "file", status, file_data: url, filename: filename || null };
    }
    default:
      throw new RequestMalformedError(`message.parts[${index}] needs one of text, raw, url and data.`);
  }
}

/** What the part's slot does not say, by its index. */
function toDetails(
  { content, mediaType, filename, metadata = {} }: Part,
  index: number,
  slots: readonly Slot[],
): [index: number, details: PartDetails][] {
  const details: PartDetails = {
    ...(mediaType === "" || content?.$case === "raw" ? {} : { mediaType }),
    ...(filename === "" || slots[index]?.type === "file" ? {} : { filename }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
  return Object.keys(details).length === 0 ? [] : [[index, details]];
}

function formatOf(mediaType: string): string | null {
  return /^audio\/([^;\s]+)/i.exec(mediaType)?.[1] ?? null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
