import { InterruptibleIterator } from "../iteration/interruptible-iterator.ts";
import type { FinishedReason } from "../message/finished-reason.ts";
import { Msg } from "../message/msg.ts";
import type { ToolChoice } from "../model/chat-model.ts";
import type { ChatResponse } from "../model/chat-response.ts";
import { closeCalls } from "./act.ts";
import { toolSchemas } from "./caller-options.ts";
import { forCaller } from "./for-caller.ts";
import { GrowingMessage } from "./growing-message.ts";
import type { ReplyRun } from "./reply-run.ts";

export interface ReasonOptions {
  /** Whether the model may call tools. */
  readonly withTools: boolean;
  /** Defaults to the model's own choice. */
  readonly toolChoice?: ToolChoice | undefined;
  /** A message for this call only. */
  readonly hint?: Msg | undefined;
  /** What a message that is whole says of its end. */
  readonly finishedReason?: FinishedReason | undefined;
}

/**
 * Lets the model write one message and remembers it. A message that broke off is kept as far as it came, closed for those
 * who watch, with a result for each of its calls; then the failure is thrown.
 */
export async function reason(run: ReplyRun, options: ReasonOptions): Promise<Msg> {
  const { hint } = options;
  const messages = [...(await run.memory.getMemory()), ...(hint === undefined ? [] : [hint])];
  const prompts = [run.sysPrompt, run.caller.instructions].filter(Boolean).join("\n\n");
  if (prompts !== "") messages.unshift(new Msg("system", prompts, "system"));
  run.signal.throwIfAborted();

  run.emit({ type: "MODEL_CALL_START", model_name: run.model.modelName });
  const outcome = await listen(run, messages, options);
  run.emit({ type: "MODEL_CALL_END", ...tokens(outcome.message) });
  if (outcome.message !== undefined) await run.memory.add(outcome.message);
  if (outcome.ok) return outcome.message;

  const calls = outcome.message?.getContentBlocks("tool_use") ?? [];
  if (run.signal.aborted) {
    await closeCalls(run, calls, "interrupted", "The tool call was interrupted by the user.");
    throw run.signal.reason;
  }
  await closeCalls(run, calls, "error", BROKE_OFF);
  throw outcome.failure;
}

const BROKE_OFF = "Error: The call was not made, because the model's answer broke off.";

type Outcome =
  | { readonly ok: true; readonly message: Msg }
  | { readonly ok: false; readonly message: Msg | undefined; readonly failure: unknown };

async function listen(
  run: ReplyRun,
  messages: readonly Msg[],
  { withTools, toolChoice, finishedReason: whole }: ReasonOptions,
): Promise<Outcome> {
  const growing = new GrowingMessage(run, run.name, "assistant");
  // The response that says it is the last is not printed twice.
  let held: ChatResponse | undefined;
  const print = ({ content, delta, usage, finishReason }: ChatResponse, last: boolean): Msg => {
    const finishedReason = last ? (cutBy(finishReason) ?? whole) : undefined;
    return growing.print({ content, changes: delta, last, usage, finishedReason });
  };
  const close = (finishedReason: FinishedReason | undefined): Msg => {
    // The model has said that it is done: nothing is missing.
    if (held !== undefined) return print(held, true);
    const content = growing.latest?.getContentBlocks() ?? [];
    return growing.print({ content, changes: [], last: true, finishedReason });
  };
  let responses: InterruptibleIterator<ChatResponse> | undefined;
  try {
    const stream = run.model.stream(messages, {
      tools: withTools ? toolSchemas(run.toolkit, run.caller) : [],
      toolChoice,
      severalCalls: run.caller.severalCalls,
      params: run.caller.params,
      signal: run.signal,
      formatter: run.formatter,
    });
    responses = new InterruptibleIterator(forCaller(stream, run.caller), run.signal);
    for (;;) {
      const next = await responses.next();
      if (next.done) break;
      if (held !== undefined) print(held, false);
      held = next.value.finishReason === undefined ? undefined : next.value;
      if (held === undefined) print(next.value, false);
    }
    run.signal.throwIfAborted();
    return { ok: true, message: close(whole) };
  } catch (failure) {
    const nothing = held === undefined && growing.latest === undefined;
    const brokenBy = run.signal.aborted ? "interrupted" : "error";
    return { ok: false, message: nothing ? undefined : close(brokenBy), failure };
  } finally {
    responses?.release();
  }
}

/** The limit that the model ran into, if that is why it ended. */
function cutBy(finishReason: string | undefined): FinishedReason | undefined {
  return finishReason === "length" || finishReason === "content_filter" ? finishReason : undefined;
}

function tokens(message: Msg | undefined): { readonly input_tokens: number; readonly output_tokens: number } {
  const { input_tokens = 0, output_tokens = 0, cached_tokens, reasoning_tokens } = message?.usage ?? {};
  return {
    input_tokens,
    output_tokens,
    ...(cached_tokens === undefined ? {} : { cached_tokens }),
    ...(reasoning_tokens === undefined ? {} : { reasoning_tokens }),
  };
}
