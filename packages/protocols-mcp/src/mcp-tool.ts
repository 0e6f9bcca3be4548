import type { Caller } from "@agentscope-runtime/core";
import type { z } from "zod";
import type { ObjectSchema } from "./json-schema.ts";
import type { McpContent } from "./tool-content.ts";

/** What a tool, a resource or a prompt of the user's own gets beside its input. */
export interface McpCallContext {
  /** Who asks, as `authenticate` says. */
  readonly caller: Caller;
  /** Aborts when the answer is no longer wanted. */
  readonly signal: AbortSignal;
}

export interface McpToolContext extends McpCallContext {
  /** Tells the client how far the call is, if it wants to know; resolves when there is room for more. */
  readonly progress: (message?: string) => Promise<void>;
}

/** What a tool answers with. */
export interface McpToolResult {
  readonly content: readonly McpContent[];
  /** The answer as data; a tool that has an `output` schema owes it. */
  readonly structuredContent?: Readonly<Record<string, unknown>> | undefined;
  /** True where the call has failed, which a model may do something about. */
  readonly isError?: boolean | undefined;
}

/** A tool beside the agents. Its arguments are validated against `input` before `call` sees them. */
export interface McpTool<Input extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly input: Input;
  readonly output?: z.ZodObject | undefined;
  /** A string is short for a result with one text. What is thrown becomes a result that is an error. */
  call(
    input: z.output<Input>,
    context: McpToolContext,
  ): string | McpToolResult | Promise<string | McpToolResult>;
}

/** Returns `definition` as it is; written around a tool, it infers the type of `call`'s input. */
export function mcpTool<Input extends z.ZodObject>(definition: McpTool<Input>): McpTool<Input> {
  return definition;
}

/** A tool as clients are told of it. */
export interface ListedTool {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema?: ObjectSchema | undefined;
}
