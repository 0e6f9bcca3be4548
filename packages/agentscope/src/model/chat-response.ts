import type { ChatUsage } from "../message/chat-usage.ts";
import type { TextBlock, ThinkingBlock, ToolUseBlock } from "../message/content-block.ts";
import type { BlockDelta } from "../message/msg-delta.ts";

/** What a model may write. */
export type ChatContent = TextBlock | ThinkingBlock | ToolUseBlock;

/** An answer that grows: all of it so far in `content`, and what is new since the response before in `delta`. */
export interface ChatResponse {
  /** The provider's id of the answer, the same in all responses of one call. */
  readonly id: string;
  /** Frozen blocks in the order in which they began; a block keeps its index. */
  readonly content: readonly ChatContent[];
  readonly delta: readonly BlockDelta[];
  /** Only on the last response. */
  readonly usage?: ChatUsage | undefined;
  /** Set on the last response and on no other: `stop`, `tool_calls`, `length` or what else the provider says. */
  readonly finishReason?: string | undefined;
}
