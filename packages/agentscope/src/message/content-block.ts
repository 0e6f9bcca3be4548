/** Where the bytes of a medium are: an address (or a local path), or inline. */
export type MediaSource =
  | { readonly type: "url"; readonly url: string; readonly media_type?: string | undefined }
  | { readonly type: "base64"; readonly media_type: string; readonly data: string };

export type TextBlock = { readonly type: "text"; readonly text: string };

/** What the model thought before it answered. `signature` is kept for providers that check it. */
export type ThinkingBlock = {
  readonly type: "thinking";
  readonly thinking: string;
  readonly signature?: string | undefined;
};

/** A call the model asked for. `input` is `{}` until the call is complete; `raw_input` grows while it streams. */
export type ToolUseBlock = {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly raw_input?: string | undefined;
  readonly tool_type?: string | undefined;
  readonly server_label?: string | undefined;
};

/** How a tool call ended, or `running` while it has not. */
export type ToolResultState = "running" | "success" | "error" | "interrupted" | "denied";

/** The answer to the {@link ToolUseBlock} of the same `id`. */
export type ToolResultBlock = {
  readonly type: "tool_result";
  readonly id: string;
  readonly name: string;
  readonly output: string | readonly ToolResultContent[];
  readonly state?: ToolResultState | undefined;
};

export type ImageBlock = { readonly type: "image"; readonly source: MediaSource };
export type AudioBlock = { readonly type: "audio"; readonly source: MediaSource };
export type VideoBlock = { readonly type: "video"; readonly source: MediaSource };
export type MediaBlock = ImageBlock | AudioBlock | VideoBlock;

/** What a tool may answer with. */
export type ToolResultContent = TextBlock | MediaBlock;

/**
 * One piece of a message's content, told apart by `type`. Content read from elsewhere may hold types that are
 * not listed here; they are kept as they are.
 */
export type ContentBlock = TextBlock | ThinkingBlock | ToolUseBlock | ToolResultBlock | MediaBlock;
