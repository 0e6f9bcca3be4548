import { z } from "zod";

/** One part of a message of the user. */
export type ChatPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } }
  | { readonly type: "input_audio"; readonly input_audio: { readonly data: string; readonly format: string } }
  | {
      readonly type: "file";
      readonly file: {
        readonly file_data?: string | null | undefined;
        readonly file_id?: string | null | undefined;
        readonly filename?: string | null | undefined;
      };
    };

/** One part of a message of the assistant. */
export type ChatAssistantPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "refusal"; readonly refusal: string };

/** A message of a Chat Completions request, its content as parts. */
export type ChatMessage =
  | { readonly role: "system" | "developer" | "user"; readonly content: readonly ChatPart[] }
  | {
      readonly role: "assistant";
      readonly content?: readonly ChatAssistantPart[] | null | undefined;
      readonly refusal?: string | null | undefined;
      readonly reasoning_content?: string | null | undefined;
      readonly tool_calls?: readonly ChatCall[] | null | undefined;
    }
  | {
      readonly role: "tool";
      readonly tool_call_id: string;
      readonly content: readonly { readonly text: string }[];
    };

/** A call that the client has answered, or is about to. */
export interface ChatCall {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

const text = z.string();
const optional = text.nullish();
// Of an approval, it names a run and a request.
const callId = text.min(1).max(8192);
const Text = z.object({ type: z.literal("text"), text });

const UserPart = z.discriminatedUnion("type", [
  Text,
  z.object({ type: z.literal("image_url"), image_url: z.object({ url: text }) }),
  z.object({ type: z.literal("input_audio"), input_audio: z.object({ data: text, format: text }) }),
  z.object({
    type: z.literal("file"),
    file: z
      .object({ file_data: optional, file_id: optional, filename: optional })
      .refine(({ file_data, file_id }) => file_data || file_id, "says nothing of its content"),
  }),
]);
const AssistantPart = z.discriminatedUnion("type", [
  Text,
  z.object({ type: z.literal("refusal"), refusal: text }),
]);

// A text stands for one part with that text, which makes errors point into the list instead of at a union.
function parts<Part>(part: z.ZodType<Part>): z.ZodType<Part[]> {
  return z.preprocess(
    (content) => (typeof content === "string" ? [{ type: "text", text: content }] : content),
    z.array(part),
  );
}

const Call = z.object({
  id: callId,
  type: z.literal("function", "only function tools are supported").default("function"),
  function: z.object({ name: text, arguments: text }),
});

/** A message as clients send it. */
export const ChatMessage: z.ZodType<ChatMessage> = z.discriminatedUnion("role", [
  z.object({ role: z.enum(["system", "developer"]), content: parts(Text) }),
  z.object({ role: z.literal("user"), content: parts(UserPart) }),
  z.object({
    role: z.literal("assistant"),
    content: parts(AssistantPart).nullish(),
    refusal: optional,
    reasoning_content: optional,
    tool_calls: z.array(Call).nullish(),
  }),
  z.object({ role: z.literal("tool"), tool_call_id: callId, content: parts(Text) }),
]);
