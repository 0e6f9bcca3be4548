import { Message, type MessageInput } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import { RuntimeError } from "../errors/runtime-error.ts";
import { toJsonObjectText } from "./json-object.ts";

/** A message as a service keeps it. */
export interface MessageText {
  readonly id: string;
  readonly json: string;
}

/** The messages with every missing key filled in; throws `INVALID_PARAMETER` with the issues as details. */
export function toMessageTexts(messages: readonly MessageInput[]): readonly MessageText[] {
  const parsed = z.array(Message).safeParse(messages);
  if (!parsed.success) {
    throw new RuntimeError("INVALID_PARAMETER", "These are no messages.", { details: parsed.error.issues });
  }
  return parsed.data.map((message) => ({ id: message.id, json: toJsonObjectText(message, "The message") }));
}

/** A message of its own for each call. */
export function fromMessageText({ json }: MessageText): Message {
  return JSON.parse(json) as Message;
}
