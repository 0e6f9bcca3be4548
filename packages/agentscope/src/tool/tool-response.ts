import type { ToolResultContent } from "../message/content-block.ts";

/** What a tool answers, whole: a tool that streams yields responses that each hold all of the output so far. */
export interface ToolResponse {
  readonly content: readonly ToolResultContent[];
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Defaults to `success`. */
  readonly state?: "success" | "error" | "interrupted" | undefined;
  readonly isLast?: boolean | undefined;
}
