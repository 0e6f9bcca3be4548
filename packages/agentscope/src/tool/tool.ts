import type { z } from "zod";
import type { ToolResponse } from "./tool-response.ts";

export interface ToolContext {
  /** The id of the call that is answered. */
  readonly toolCallId: string;
  /** Aborts when the answer is no longer wanted; stop what you started then. */
  readonly signal: AbortSignal;
}

/** A string is short for a response with one text block. */
export type ToolOutput = string | ToolResponse;

/** Something the model may call. The input is validated against `parameters` before `execute` sees it. */
export interface Tool<S extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly parameters: S;
  /** Whether calls may run beside others of the same turn. Defaults to true; false makes them run alone. */
  readonly concurrent?: boolean | undefined;
  execute(
    input: z.output<S>,
    context: ToolContext,
  ): ToolOutput | Promise<ToolOutput> | AsyncIterable<ToolOutput>;
}

/** Returns `definition` as it is; written around a tool, it infers the type of `execute`'s input. */
export function tool<S extends z.ZodObject>(definition: Tool<S>): Tool<S> {
  return definition;
}
