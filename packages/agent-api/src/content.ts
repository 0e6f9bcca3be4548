import { z } from "zod";
import { attempt } from "./attempt.ts";
import { AgentError } from "./error-code.ts";
import { Status } from "./status.ts";

// The keys of an event stand in this order on the wire, `null` where there is nothing to say.
const base = {
  sequence_number: z.int().nonnegative().nullable().default(null),
  attempt,
  /** How many deltas were joined to this one in a run that ended a while ago: those up to its number. */
  compacted: z.int().positive().optional(),
  object: z.literal("content").default("content"),
  status: Status.nullable().default(null),
  error: AgentError.nullable().default(null),
};
const slot = {
  index: z.int().nonnegative().nullable().default(null),
  delta: z
    .boolean()
    .nullable()
    .default(false)
    .transform((delta) => delta ?? false),
  msg_id: z.string().nullable().default(null),
};
const text = z.string().nullable().default(null);

/** Text; a delta holds the new piece only. */
export const TextContent = z.object({ ...base, type: z.literal("text"), ...slot, text });
export type TextContent = z.infer<typeof TextContent>;

/** Any JSON object: the body of tool calls, tool results, steps and state. */
export const DataContent = z.object({
  ...base,
  type: z.literal("data"),
  ...slot,
  data: z.record(z.string(), z.unknown()).nullable().default(null),
});
export type DataContent = z.infer<typeof DataContent>;

/** An image, by URL or as a `data:` URL. */
export const ImageContent = z.object({ ...base, type: z.literal("image"), ...slot, image_url: text });
export type ImageContent = z.infer<typeof ImageContent>;

/** Audio: base64, a `data:` URL or a URL in `data`; `format` such as `wav` or `mp3`. */
export const AudioContent = z.object({
  ...base,
  type: z.literal("audio"),
  ...slot,
  data: text,
  format: text,
});
export type AudioContent = z.infer<typeof AudioContent>;

/** A video, by URL or as a `data:` URL. */
export const VideoContent = z.object({ ...base, type: z.literal("video"), ...slot, video_url: text });
export type VideoContent = z.infer<typeof VideoContent>;

/** A file: by URL, by id, or inline as base64 or a `data:` URL in `file_data`. */
export const FileContent = z.object({
  ...base,
  type: z.literal("file"),
  ...slot,
  file_url: text,
  file_id: text,
  filename: text,
  file_data: text,
});
export type FileContent = z.infer<typeof FileContent>;

/** The model's refusal to answer. */
export const RefusalContent = z.object({ ...base, type: z.literal("refusal"), ...slot, refusal: text });
export type RefusalContent = z.infer<typeof RefusalContent>;

/** One slot of a message, told apart by `type`. */
export const Content = z.discriminatedUnion("type", [
  TextContent,
  DataContent,
  ImageContent,
  AudioContent,
  VideoContent,
  FileContent,
  RefusalContent,
]);
export type Content = z.infer<typeof Content>;
export type ContentType = Content["type"];
