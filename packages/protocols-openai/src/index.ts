// For those who read runs in OpenAI's words elsewhere.
export type { ChatChunk, ChatChunkState, ChatEvent } from "./chat-chunk.ts";
export type { Compact, CompactedConversation } from "./compact-route.ts";
export type { CountTokens } from "./count-tokens.ts";
export type { OpenAIEvent, OpenAIEventState, OpenItem } from "./openai-event-state.ts";
export { type OpenAIProtocolOptions, openai } from "./openai-protocol.ts";
export type { OutputItem } from "./output-item.ts";
export { newChatChunkState, toChatChunks } from "./to-chat-chunk.ts";
export { newOpenAIEventState, toOpenAIEvents } from "./to-openai-event.ts";
