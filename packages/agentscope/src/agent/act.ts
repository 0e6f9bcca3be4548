import type { ToolResultContent, ToolResultState, ToolUseBlock } from "../message/content-block.ts";
import type { Msg } from "../message/msg.ts";
import type { ToolChunk } from "../tool/tool-chunk.ts";
import { GrowingMessage } from "./growing-message.ts";
import type { ReplyRun } from "./reply-run.ts";

/**
 * Runs the calls of one message and remembers a result for every one of them, in their order. After an abort, calls that
 * have not begun are answered without being run.
 */
export async function act(run: ReplyRun, calls: readonly ToolUseBlock[]): Promise<void> {
  for (const batch of batches(run, calls)) {
    const results = await Promise.all(batch.map((call) => runCall(run, call)));
    await run.memory.add(results);
  }
}

/** Remembers a result for calls that are not going to be run. */
export async function closeCalls(
  run: ReplyRun,
  calls: readonly ToolUseBlock[],
  state: ToolResultState,
  text: string,
): Promise<void> {
  if (calls.length === 0) return;
  await run.memory.add(
    calls.map((call) =>
      printResult(newResult(run), call, { content: [{ type: "text", text }], state, isLast: true }),
    ),
  );
}

function batches(run: ReplyRun, calls: readonly ToolUseBlock[]): readonly (readonly ToolUseBlock[])[] {
  const groups: ToolUseBlock[][] = [];
  let open = false;
  for (const call of calls) {
    const concurrent = run.parallelToolCalls && run.toolkit.isConcurrent(call.name);
    if (concurrent && open) groups.at(-1)?.push(call);
    else groups.push([call]);
    open = concurrent;
  }
  return groups;
}

async function runCall(run: ReplyRun, call: ToolUseBlock): Promise<Msg> {
  const result = newResult(run);
  let failure = "The tool ended without a result.";
  try {
    for await (const chunk of run.toolkit.callToolFunction(call, { signal: run.signal })) {
      const message = printResult(result, call, chunk);
      if (chunk.isLast) return message;
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  const content: readonly ToolResultContent[] = [{ type: "text", text: `Error: ${failure}` }];
  return printResult(result, call, { content, state: "error", isLast: true });
}

function newResult(run: ReplyRun): GrowingMessage {
  return new GrowingMessage(run, "system", "system");
}

function printResult(
  result: GrowingMessage,
  { id, name }: ToolUseBlock,
  { content, state, isLast, metadata }: Omit<ToolChunk, "state"> & { readonly state: ToolResultState },
): Msg {
  const block = Object.freeze({ type: "tool_result" as const, id, name, output: content, state });
  return result.print({
    content: [block],
    changes: [{ kind: "block", index: 0, block }],
    last: isLast,
    metadata,
  });
}
