type ItemStatus = "in_progress" | "completed" | "incomplete";

export interface OutputText {
  readonly type: "output_text";
  readonly text: string;
  readonly annotations: Annotation[];
  readonly logprobs: never[];
}

/** Where what a text stands for can be found. */
export type Annotation =
  | {
      readonly type: "url_citation";
      readonly start_index: number;
      readonly end_index: number;
      readonly title: string;
      readonly url: string;
    }
  | { readonly type: "file_path"; readonly file_id: string; readonly index: number };

export interface Refusal {
  readonly type: "refusal";
  readonly refusal: string;
}

export interface SummaryText {
  readonly type: "summary_text";
  readonly text: string;
}

export interface MessageItem {
  readonly type: "message";
  readonly id: string;
  readonly role: "assistant";
  readonly status: ItemStatus;
  readonly content: (OutputText | Refusal)[];
  /** Only where JSON was asked for, once it is known: whether this is the answer, or what was said on the way to it. */
  readonly phase?: "commentary" | "final_answer";
}

export interface ReasoningItem {
  readonly type: "reasoning";
  readonly id: string;
  readonly status: ItemStatus;
  readonly summary: SummaryText[];
}

/** An image that the agent shows; it follows the message that it is part of. */
export interface ImageItem {
  readonly type: "image_generation_call";
  readonly id: string;
  readonly status: "in_progress" | "completed";
  /** Base64. */
  readonly result: string | null;
  readonly output_format: "png" | "jpeg" | "webp" | "gif" | null;
}

/** A call that the client is to answer. */
export interface FunctionCallItem {
  readonly type: "function_call";
  readonly id: string;
  readonly call_id: string;
  readonly name: string;
  readonly arguments: string;
  readonly status: ItemStatus;
}

export interface FunctionCallOutputItem {
  readonly type: "function_call_output";
  readonly id: string;
  readonly call_id: string;
  readonly output: string;
  readonly status: ItemStatus;
}

/** A call that the agent made itself, with what came of it. */
export interface McpCallItem {
  readonly type: "mcp_call";
  readonly id: string;
  readonly server_label: string;
  readonly name: string;
  readonly arguments: string;
  readonly status: ItemStatus;
  readonly output: string | null;
  readonly error: null;
  readonly approval_request_id: null;
}

export interface McpApprovalRequestItem {
  readonly type: "mcp_approval_request";
  readonly id: string;
  readonly server_label: string;
  readonly name: string;
  readonly arguments: string;
}

/** One item of a response's `output`. */
export type OutputItem =
  | MessageItem
  | ReasoningItem
  | ImageItem
  | FunctionCallItem
  | FunctionCallOutputItem
  | McpCallItem
  | McpApprovalRequestItem;

/** The `server_label` of calls to tools that are the agent's own. */
export const OWN_TOOLS = "agent";
