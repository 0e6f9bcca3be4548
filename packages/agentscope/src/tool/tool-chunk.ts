import type { ToolResultContent } from "../message/content-block.ts";

/** The output of a running call so far. */
export type ToolChunk = {
  readonly content: readonly ToolResultContent[];
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly state: "running" | "success" | "error" | "interrupted";
  /** True for the last chunk of a call and for no other. */
  readonly isLast: boolean;
};

/** The last chunk of a call that failed: what there was, and why there is no more. */
export function errorChunk(text: string, content: readonly ToolResultContent[] = []): ToolChunk {
  return { content: [...content, { type: "text", text }], state: "error", isLast: true };
}

/** The last chunk of a call that was interrupted: what there was, and a note for the model. */
export function interruptedChunk(content: readonly ToolResultContent[] = []): ToolChunk {
  return { content: [...content, { type: "text", text: INTERRUPTED }], state: "interrupted", isLast: true };
}

const INTERRUPTED = "<system-info>The tool call was interrupted by the user.</system-info>";
