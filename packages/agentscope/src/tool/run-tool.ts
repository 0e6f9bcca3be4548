import { InterruptibleIterator } from "../iteration/interruptible-iterator.ts";
import type { Tool, ToolContext, ToolOutput } from "./tool.ts";
import { errorChunk, interruptedChunk, type ToolChunk } from "./tool-chunk.ts";
import type { ToolResponse } from "./tool-response.ts";

export interface RunToolOptions {
  readonly toolCallId: string;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds to wait for an aborted tool. */
  readonly grace: number;
}

/** Runs a tool with valid input. Leaving the loop early aborts it. */
export async function* runTool(
  tool: Tool,
  input: Record<string, unknown>,
  { toolCallId, signal, grace }: RunToolOptions,
): AsyncGenerator<ToolChunk, void> {
  if (signal?.aborted) {
    yield interruptedChunk();
    return;
  }
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const outputs = new InterruptibleIterator(
    execute(tool, input, { toolCallId, signal: controller.signal }),
    controller.signal,
  );
  let latest: ToolChunk | undefined;
  try {
    for (;;) {
      const next = await outputs.next();
      if (next.done) break;
      const { output, isWhole } = next.value;
      latest = toChunk(output, isWhole);
      yield latest;
      if (isWhole) return;
    }
    yield latest === undefined ? errorChunk("Error: The tool returned nothing.") : closed(latest);
  } catch (error) {
    if (controller.signal.aborted) yield await interrupted(outputs, latest, grace);
    else
      yield errorChunk(`Error: ${error instanceof Error ? error.message : String(error)}`, latest?.content);
  } finally {
    signal?.removeEventListener("abort", abort);
    controller.abort();
    outputs.release();
  }
}

type Output = { readonly output: unknown; readonly isWhole: boolean };

async function* execute(
  tool: Tool,
  input: Record<string, unknown>,
  context: ToolContext,
): AsyncGenerator<Output, void> {
  const result = tool.execute(input, context);
  if (!isAsyncIterable(result)) {
    yield { output: await result, isWhole: true };
    return;
  }
  for await (const output of result) yield { output, isWhole: false };
}

// A tool that ends in time may say itself how far it came.
async function interrupted(
  outputs: InterruptibleIterator<Output>,
  latest: ToolChunk | undefined,
  grace: number,
): Promise<ToolChunk> {
  try {
    const settled = await outputs.settle(grace);
    if (settled !== undefined && !settled.done) {
      const chunk = toChunk(settled.value.output, true);
      if (settled.value.isWhole && chunk.state !== "error") return chunk;
      return interruptedChunk(chunk.content);
    }
  } catch {
    // It ended by throwing, as it should.
  }
  return interruptedChunk(latest?.content);
}

function toChunk(output: unknown, isLast: boolean): ToolChunk {
  if (typeof output === "string") {
    return { content: [{ type: "text", text: output }], state: isLast ? "success" : "running", isLast };
  }
  if (!isToolResponse(output)) {
    throw new TypeError("The tool returned neither a string nor a ToolResponse.");
  }
  const { content, metadata, state = "success" } = output;
  return {
    // A tool may go on filling the list it has yielded; what was told of must not change.
    content: Object.freeze(content.map((block) => Object.freeze({ ...block }))),
    ...(metadata === undefined ? {} : { metadata }),
    state: isLast || state !== "success" ? state : "running",
    isLast,
  };
}

function closed(chunk: ToolChunk): ToolChunk {
  return { ...chunk, state: chunk.state === "running" ? "success" : chunk.state, isLast: true };
}

function isToolResponse(value: unknown): value is ToolResponse {
  return typeof value === "object" && value !== null && "content" in value && Array.isArray(value.content);
}

function isAsyncIterable(
  value: ToolOutput | Promise<ToolOutput> | AsyncIterable<ToolOutput>,
): value is AsyncIterable<ToolOutput> {
  return typeof value === "object" && Symbol.asyncIterator in value;
}
