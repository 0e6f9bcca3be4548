import type { FinishedReason } from "../message/finished-reason.ts";
import { Msg } from "../message/msg.ts";
import { act, closeCalls } from "./act.ts";
import { isCallersTool } from "./caller-options.ts";
import { GrowingMessage } from "./growing-message.ts";
import { INTERRUPTED_ANSWER, Interruption } from "./interruption.ts";
import { reason } from "./reason.ts";
import type { ReplyRun } from "./reply-run.ts";

/** The answer and how it came about. */
export interface ReplyResult {
  readonly message: Msg;
  readonly finishedReason: FinishedReason;
}

/** Reasons and acts in turn until the model answers without calling a tool, or calls one of the caller's. */
export async function runReply(run: ReplyRun, input: readonly Msg[]): Promise<ReplyResult> {
  try {
    if (input.length > 0) await run.memory.add(input);
    const { toolChoice } = run.caller;
    for (let iteration = 0; iteration < run.maxIters; iteration += 1) {
      // A call that is forced once more after each result would never lead to an answer.
      const isForced = iteration === 0 || toolChoice === "none";
      const message = await reason(run, { withTools: true, toolChoice: isForced ? toolChoice : undefined });
      const calls = message.getContentBlocks("tool_use");
      const ended = { message, finishedReason: message.finishedReason ?? "completed" } as const;
      if (calls.length === 0) return ended;
      if (toolChoice === "none") {
        await closeCalls(run, calls, "denied", "Error: No tool may be called.");
        return ended;
      }
      const callers = calls.filter(({ name }) => isCallersTool(run.caller, name));
      await act(
        run,
        calls.filter((call) => !callers.includes(call)),
      );
      run.signal.throwIfAborted();
      if (callers.length > 0) return ended;
    }
    return { message: await summarize(run), finishedReason: "exceed_max_iters" };
  } catch (failure) {
    if (failure instanceof Interruption && failure === run.signal.reason) {
      return { message: await answerInterruption(run), finishedReason: "interrupted" };
    }
    throw failure;
  }
}

async function summarize(run: ReplyRun): Promise<Msg> {
  run.emit({ type: "EXCEED_MAX_ITERS", name: run.name });
  const message = await reason(run, {
    withTools: false,
    hint: new Msg("user", SUMMARY_HINT, "user"),
    finishedReason: "exceed_max_iters",
  });
  // Some models call tools they were not given.
  await closeCalls(
    run,
    message.getContentBlocks("tool_use"),
    "denied",
    "Error: No tool may be called any more.",
  );
  return message;
}

const SUMMARY_HINT =
  "You have used up the steps you have for this answer. Without calling any tool, sum up what you found so far and answer as well as you can.";

async function answerInterruption(run: ReplyRun): Promise<Msg> {
  const block = { type: "text", text: INTERRUPTED_ANSWER } as const;
  const message = new GrowingMessage(run, run.name, "assistant").print({
    content: [block],
    changes: [{ kind: "text", index: 0, text: INTERRUPTED_ANSWER }],
    last: true,
    metadata: { _is_interrupted: true },
  });
  await run.memory.add(message);
  return message;
}
