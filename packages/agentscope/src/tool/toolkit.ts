import { z } from "zod";
import type { ToolUseBlock } from "../message/content-block.ts";
import { shortId } from "../message/short-id.ts";
import { parseToolInput } from "../model/parse-tool-input.ts";
import { runTool } from "./run-tool.ts";
import { toToolSchema } from "./to-tool-schema.ts";
import type { Tool } from "./tool.ts";
import { errorChunk, type ToolChunk } from "./tool-chunk.ts";
import type { ToolResponse } from "./tool-response.ts";
import type { ToolSchema } from "./tool-schema.ts";

/** Sees every response of a tool and may replace it; `undefined` leaves it as it is. */
export type Postprocess = (
  call: ToolUseBlock,
  response: ToolChunk,
) => ToolResponse | undefined | Promise<ToolResponse | undefined>;

export interface RegisterToolOptions<S extends z.ZodObject = z.ZodObject> {
  /** Arguments the model neither sees nor can change. */
  readonly preset?: Partial<z.input<S>> | undefined;
  /** What to do when the name is taken. Defaults to `raise`; `rename` appends a random suffix. */
  readonly onConflict?: "raise" | "override" | "skip" | "rename" | undefined;
  readonly postprocess?: Postprocess | undefined;
}

export interface CallToolOptions {
  /** Stops the tool. One that does not react is not waited for longer than the toolkit's `abortGrace`. */
  readonly signal?: AbortSignal | undefined;
}

export interface ToolkitOptions {
  /** Milliseconds an aborted tool has to come to an end. Defaults to 500. */
  readonly abortGrace?: number | undefined;
}

/** The tools of an agent. */
export class Toolkit {
  readonly #tools = new Map<string, RegisteredTool>();
  readonly #abortGrace: number;

  constructor(tools: readonly Tool[] = [], { abortGrace = 500 }: ToolkitOptions = {}) {
    this.#abortGrace = abortGrace;
    for (const tool of tools) this.registerToolFunction(tool);
  }

  /** Adds a tool; throws when its name is taken and nothing else was asked for. */
  registerToolFunction<S extends z.ZodObject>(tool: Tool<S>, options: RegisterToolOptions<S> = {}): this {
    const { preset = {}, onConflict = "raise", postprocess } = options;
    const name = this.#nameFor(tool.name, onConflict);
    if (name !== undefined) {
      const schema = toToolSchema(name, tool, Object.keys(preset));
      this.#tools.set(name, { tool, preset, postprocess, schema });
    }
    return this;
  }

  /** Takes a tool out; one that is not there is none. */
  removeToolFunction(name: string): void {
    this.#tools.delete(name);
  }

  /** What chat models are told of the tools. */
  getJsonSchemas(): readonly ToolSchema[] {
    return Array.from(this.#tools.values(), ({ schema }) => schema);
  }

  /** Whether calls of `name` may run beside others. */
  isConcurrent(name: string): boolean {
    return this.#tools.get(name)?.tool.concurrent ?? true;
  }

  /**
   * Runs a call. Every chunk holds all of the output so far, and exactly the last one has `isLast`. Whatever goes wrong
   * with the tool, its arguments or its name is a chunk in the state `error`, never an exception.
   */
  async *callToolFunction(
    call: ToolUseBlock,
    options: CallToolOptions = {},
  ): AsyncGenerator<ToolChunk, void> {
    const registered = this.#tools.get(call.name);
    if (registered === undefined) {
      yield errorChunk(`FunctionNotFoundError: Cannot find the function named ${call.name}.`);
      return;
    }
    const input = await validInput(call, registered);
    if (typeof input === "string") {
      yield errorChunk(`InvalidArgumentsError: ${input}`);
      return;
    }
    const { tool, postprocess } = registered;
    const chunks = runTool(tool, input, {
      toolCallId: call.id,
      signal: options.signal,
      grace: this.#abortGrace,
    });
    if (postprocess === undefined) yield* chunks;
    else yield* postprocessed(call, chunks, postprocess);
  }

  /** The same shape as Python's. */
  stateDict(): { readonly active_groups: readonly string[] } {
    return { active_groups: [] };
  }

  #nameFor(name: string, onConflict: NonNullable<RegisterToolOptions["onConflict"]>): string | undefined {
    if (!this.#tools.has(name)) return name;
    switch (onConflict) {
      case "override":
        return name;
      case "skip":
        return undefined;
      case "rename":
        return `${name}_${shortId()
          .replaceAll(/[^a-zA-Z0-9]/g, "")
          .slice(0, 5)}`;
      case "raise":
        throw new Error(
          `A tool named ${name} is registered already: pass onConflict "override", "skip" or "rename".`,
        );
    }
  }
}

type RegisteredTool = {
  readonly tool: Tool;
  readonly preset: Readonly<Record<string, unknown>>;
  readonly postprocess: Postprocess | undefined;
  readonly schema: ToolSchema;
};

// The input, or a sentence that tells the model what to correct.
async function validInput(
  call: ToolUseBlock,
  { tool, preset }: RegisteredTool,
): Promise<Record<string, unknown> | string> {
  const isEmpty = Object.keys(call.input ?? {}).length === 0;
  const given = isEmpty && call.raw_input !== undefined ? parseToolInput(call.raw_input) : call.input;
  if (given === undefined) return "The arguments are not a JSON object. They may have been cut off.";
  try {
    const result = await tool.parameters.safeParseAsync({ ...given, ...preset });
    return result.success ? result.data : z.prettifyError(result.error);
  } catch (error) {
    return String(error);
  }
}

async function* postprocessed(
  call: ToolUseBlock,
  chunks: AsyncIterable<ToolChunk>,
  postprocess: Postprocess,
): AsyncGenerator<ToolChunk, void> {
  for await (const chunk of chunks) {
    try {
      const replaced = await postprocess(call, chunk);
      yield replaced === undefined
        ? chunk
        : { ...chunk, ...replaced, isLast: chunk.isLast, state: replaced.state ?? chunk.state };
    } catch (error) {
      yield errorChunk(`Error: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
  }
}
