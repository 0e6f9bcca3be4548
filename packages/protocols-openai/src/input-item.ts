import { z } from "zod";

/** One part of a message of the input. */
export type InputPart =
  | { readonly type: "input_text" | "output_text"; readonly text: string }
  | { readonly type: "refusal"; readonly refusal: string }
  | { readonly type: "input_image"; readonly image_url: string }
  | {
      readonly type: "input_file";
      readonly file_url?: string | null | undefined;
      readonly file_data?: string | null | undefined;
      readonly file_id?: string | null | undefined;
      readonly filename?: string | null | undefined;
    }
  | {
      readonly type: "input_audio";
      readonly input_audio: { readonly data: string; readonly format: string };
    };

type Id = { readonly id?: string | null | undefined };

/** One item of the input, as far as agents have words for it. */
export type InputItem =
  | (Id & {
      readonly type: "message";
      readonly role: "user" | "assistant" | "system" | "developer";
      readonly content: readonly InputPart[];
    })
  | (Id & {
      readonly type: "function_call";
      readonly call_id: string;
      readonly name: string;
      readonly arguments: string;
    })
  | (Id & {
      readonly type: "function_call_output";
      readonly call_id: string;
      readonly output: string | readonly InputPart[];
    })
  | (Id & {
      readonly type: "reasoning";
      readonly summary?: readonly { readonly text: string }[] | undefined;
      readonly content?: readonly { readonly text: string }[] | null | undefined;
    })
  | (Id & {
      readonly type: "mcp_call";
      readonly server_label: string;
      readonly name: string;
      readonly arguments: string;
      readonly output?: string | null | undefined;
    })
  | (Id & { readonly type: "compaction"; readonly encrypted_content: string })
  | (Id & {
      readonly type: "image_generation_call";
      readonly result?: string | null | undefined;
      readonly output_format?: string | null | undefined;
    })
  | {
      readonly type: "mcp_approval_request";
      readonly id: string;
      readonly server_label: string;
      readonly name: string;
      readonly arguments: string;
    }
  | (Id & {
      readonly type: "mcp_approval_response";
      readonly approval_request_id: string;
      readonly approve: boolean;
      readonly reason?: string | null | undefined;
    });

const identifier = z.string().min(1).max(1024);
const text = z.string();
const optional = z.string().nullish();

const Part = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["input_text", "output_text"]), text }),
  z.object({ type: z.literal("refusal"), refusal: text }),
  z.object({
    type: z.literal("input_image"),
    image_url: z.string("only images with an image_url can be read"),
  }),
  z
    .object({
      type: z.literal("input_file"),
      file_url: optional,
      file_data: optional,
      file_id: optional,
      filename: optional,
    })
    .refine(
      ({ file_url, file_data, file_id }) => file_url || file_data || file_id,
      "says nothing of its content",
    ),
  z.object({ type: z.literal("input_audio"), input_audio: z.object({ data: text, format: text }) }),
]);

// A text stands for one part with that text, which makes errors point into the list instead of at a union.
const Parts = z.preprocess(
  (content) => (typeof content === "string" ? [{ type: "input_text", text: content }] : content),
  z.array(Part),
);
const Texts = z.array(z.object({ text }));
const item = { id: identifier.nullish() };
const call = { name: text, arguments: text };

// The short form of a message may leave its type out.
const Item = z.preprocess(
  (value) =>
    typeof value === "object" && value !== null && "role" in value && !("type" in value)
      ? { ...value, type: "message" }
      : value,
  z.discriminatedUnion("type", [
    z.object({
      ...item,
      type: z.literal("message"),
      role: z.enum(["user", "assistant", "system", "developer"]),
      content: Parts,
    }),
    z.object({ ...item, type: z.literal("function_call"), call_id: identifier, ...call }),
    z.object({
      ...item,
      type: z.literal("function_call_output"),
      call_id: identifier,
      output: z.union([text, z.array(Part)]),
    }),
    z.object({
      ...item,
      type: z.literal("reasoning"),
      summary: Texts.optional(),
      content: Texts.nullish(),
    }),
    z.object({ ...item, type: z.literal("mcp_call"), server_label: text, ...call, output: optional }),
    z.object({ ...item, type: z.literal("compaction"), encrypted_content: text }),
    z.object({
      ...item,
      type: z.literal("image_generation_call"),
      result: optional,
      output_format: z.enum(["png", "jpeg", "webp", "gif", "svg"]).nullish(),
    }),
    z.object({ type: z.literal("mcp_approval_request"), id: identifier, server_label: text, ...call }),
    z.object({
      ...item,
      type: z.literal("mcp_approval_response"),
      approval_request_id: identifier,
      approve: z.boolean(),
      reason: optional,
    }),
  ]),
);

/** The input of a request: a list of items, or a text that stands for one message of the user. */
export const Input: z.ZodType<readonly InputItem[]> = z.preprocess(
  (input) => (typeof input === "string" ? [{ type: "message", role: "user", content: input }] : input),
  z.array(Item),
);
