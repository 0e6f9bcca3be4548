import type { ToolResultState } from "../message/content-block.ts";
import type { FinishedReason } from "../message/finished-reason.ts";

type EventBody =
  | { readonly type: "REPLY_START"; readonly name: string; readonly role: "assistant" }
  | {
      readonly type: "REPLY_END";
      readonly finished_reason: FinishedReason;
      readonly error?: { readonly type: string; readonly message: string };
    }
  | { readonly type: "MODEL_CALL_START"; readonly model_name: string }
  | {
      readonly type: "MODEL_CALL_END";
      readonly input_tokens: number;
      readonly output_tokens: number;
      readonly cached_tokens?: number;
      readonly reasoning_tokens?: number;
    }
  | { readonly type: "TEXT_BLOCK_START" | "TEXT_BLOCK_END"; readonly block_id: string }
  | { readonly type: "TEXT_BLOCK_DELTA"; readonly block_id: string; readonly delta: string }
  | { readonly type: "THINKING_BLOCK_START" | "THINKING_BLOCK_END"; readonly block_id: string }
  | { readonly type: "THINKING_BLOCK_DELTA"; readonly block_id: string; readonly delta: string }
  | { readonly type: "TOOL_CALL_START"; readonly tool_call_id: string; readonly tool_call_name: string }
  | { readonly type: "TOOL_CALL_DELTA"; readonly tool_call_id: string; readonly delta: string }
  | { readonly type: "TOOL_CALL_END"; readonly tool_call_id: string }
  | { readonly type: "TOOL_RESULT_START"; readonly tool_call_id: string; readonly tool_call_name: string }
  | { readonly type: "TOOL_RESULT_TEXT_DELTA"; readonly tool_call_id: string; readonly delta: string }
  | { readonly type: "TOOL_RESULT_DATA_DELTA"; readonly tool_call_id: string; readonly data: unknown }
  | { readonly type: "TOOL_RESULT_END"; readonly tool_call_id: string; readonly state: ToolResultState }
  | { readonly type: "EXCEED_MAX_ITERS"; readonly name: string };

/** An event before it is numbered and dated. */
export type ReplyEventBody = EventBody;

/** One step of a reply. Names and members are those of AgentScope 2. */
export type ReplyEvent = EventBody & {
  readonly id: string;
  /** ISO 8601. */
  readonly created_at: string;
  /** The same in all events of one reply. */
  readonly reply_id: string;
};
