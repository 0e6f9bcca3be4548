import type { OpenAIError } from "./openai-error.ts";

/** One event of a Chat Completions stream, ready to be serialised. */
export type ChatEvent = ChatChunk | { readonly error: OpenAIError };

export interface ChatChunk {
  /** The id of the run. */
  readonly id: string;
  readonly object: "chat.completion.chunk";
  readonly created: number;
  readonly model: string;
  /** One choice, or none in the chunk that brings the usage. */
  readonly choices: readonly ChatChunkChoice[];
  /** Only where the request asks for it: `null` but in the last chunk. */
  readonly usage?: ChatUsage | null;
}

export interface ChatChunkChoice {
  readonly index: 0;
  readonly delta: ChatDelta;
  readonly logprobs: null;
  readonly finish_reason: ChatFinishReason | null;
}

export type ChatFinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** A piece of the answer; texts are to be appended. */
export interface ChatDelta {
  readonly role?: "assistant";
  readonly content?: string;
  readonly refusal?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly ChatCallDelta[];
}

export interface ChatCallDelta {
  readonly index: number;
  /** In the first piece of a call only, as is `type`. */
  readonly id?: string;
  readonly type?: "function";
  readonly function: { readonly name?: string; readonly arguments: string };
}

export interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

/** Where the encoding of a run stands: plain JSON, so that it can go on elsewhere from any entry of the log. */
export interface ChatChunkState {
  readonly id: string;
  readonly model: string;
  readonly includeUsage: boolean;
  /** In Unix seconds; `null` before the first event. */
  created: number | null;
  /** Which start of the handler was seen last. */
  attempt: number;
  /** The messages that are not done. */
  open: OpenChatMessage[];
  /** The ids of the client's calls, each at its `index`. */
  calls: string[];
  /** The messages that texts were last sent of, by the key of the delta. */
  last: { readonly key: ChatTextKey; readonly messageId: string }[];
  /** Whether the answer is to be JSON. */
  readonly json: boolean;
  /** Then: what the last message by now has said, which may be the answer. */
  held: HeldText | null;
  /** How many messages were opened. */
  opened: number;
}

/** Where in a delta a text stands. */
export type ChatTextKey = "content" | "refusal" | "reasoning_content";

export interface OpenChatMessage {
  readonly id: string;
  readonly type: "message" | "reasoning" | "function_call";
  /** Its place among the messages. */
  readonly place: number;
  /** How many calls there were before it. */
  readonly calls: number;
  /** The index of the call, once its body is known. */
  call: number | null;
  /** How many characters of each slot were sent. */
  sent: number[];
}

/** The text of a message that is not shown yet. */
export interface HeldText extends Pick<OpenChatMessage, "id" | "place" | "calls"> {
  readonly text: string;
}
