import type { Formatter } from "../formatter/formatter.ts";
import type { Msg } from "../message/msg.ts";
import type { ToolSchema } from "../tool/tool-schema.ts";
import type { ChatResponse } from "./chat-response.ts";

/** Which tool the model must call: its own choice, none, any one, or the named one. */
export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

export interface ChatOptions {
  readonly tools?: readonly ToolSchema[] | undefined;
  /** Defaults to `auto`. A name that is not among `tools` is a `TypeError`. */
  readonly toolChoice?: ToolChoice | undefined;
  /** Whether the answer may hold several tool calls; left out, the provider decides. A model may pass it over. */
  readonly severalCalls?: boolean | undefined;
  /** Ends the call: the iteration throws the signal's reason and the connection is closed. */
  readonly signal?: AbortSignal | undefined;
  /** Sent with the request as they are; they win over the model's own. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** Used in place of the model's own formatter. */
  readonly formatter?: Formatter | undefined;
}

/** A chat model. */
export interface ChatModel {
  readonly modelName: string;
  /** Turns messages into what the model's API takes, unless a call brings another. */
  readonly formatter?: Formatter | undefined;
  /**
   * The answer to `messages`, as it grows. An answer that broke off never looks complete: the iteration throws a
   * `ModelError`, or the signal's reason.
   */
  stream(messages: readonly Msg[], options?: ChatOptions): AsyncIterable<ChatResponse>;
}
