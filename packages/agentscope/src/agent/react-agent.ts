import type { Formatter } from "../formatter/formatter.ts";
import { streamTask } from "../iteration/stream-task.ts";
import { InMemoryMemory } from "../memory/in-memory-memory.ts";
import type { Memory } from "../memory/memory.ts";
import { messageList } from "../message/message-list.ts";
import type { Msg } from "../message/msg.ts";
import type { ChatModel } from "../model/chat-model.ts";
import { Toolkit } from "../tool/toolkit.ts";
import { type AgentStateDict, parseAgentState } from "./agent-state.ts";
import { assertToolChoice, type CallerOptions } from "./caller-options.ts";
import { Interruption } from "./interruption.ts";
import type { PrintingAgent, PrintListener } from "./printing-agent.ts";
import type { ReplyEvent } from "./reply-event.ts";
import { ReplyEvents } from "./reply-events.ts";
import type { ReplyRun } from "./reply-run.ts";
import { runReply } from "./run-reply.ts";

export interface ReActAgentOptions {
  readonly name: string;
  readonly sysPrompt: string;
  readonly model: ChatModel;
  /** Defaults to the model's own. */
  readonly formatter?: Formatter | undefined;
  /** Defaults to no tools. */
  readonly toolkit?: Toolkit | undefined;
  /** Defaults to an {@link InMemoryMemory}. */
  readonly memory?: Memory | undefined;
  /** How often the model may call tools before it has to answer without them. Defaults to 10. */
  readonly maxIters?: number | undefined;
  /** Whether the calls of one message run at the same time. Defaults to false. */
  readonly parallelToolCalls?: boolean | undefined;
}

export interface ReplyOptions extends CallerOptions {
  /** Stops the reply, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface LoadStateOptions {
  /** Whether the stored system prompt takes the place of the one given in code. Defaults to false. */
  readonly sysPrompt?: boolean | undefined;
}

/**
 * An agent that reasons and acts in turn: the model answers, or calls tools and sees what they return. However a reply
 * ends, the memory holds what was written and a result for every tool call.
 */
export class ReActAgent implements PrintingAgent {
  readonly name: string;
  readonly memory: Memory;
  readonly toolkit: Toolkit;
  readonly #options: ReActAgentOptions;
  readonly #listeners = new Set<PrintListener>();
  #sysPrompt: string;
  #running: AbortController | undefined;

  constructor(options: ReActAgentOptions) {
    this.name = options.name;
    this.memory = options.memory ?? new InMemoryMemory();
    this.toolkit = options.toolkit ?? new Toolkit();
    this.#options = options;
    this.#sysPrompt = options.sysPrompt;
  }

  get sysPrompt(): string {
    return this.#sysPrompt;
  }

  /**
   * Resolves to the answer, or to the message with calls for the caller to make. Rejects when a reply is running already,
   * the model fails, or the signal aborts; with an `UnknownToolError` where the options choose a tool that there is not.
   */
  reply(input?: Msg | readonly Msg[], options: ReplyOptions = {}): Promise<Msg> {
    return this.#reply(input, options);
  }

  /** The same reply as events; the generator returns the answer. Leaving the loop stops the agent. */
  replyStream(input?: Msg | readonly Msg[], options: ReplyOptions = {}): AsyncGenerator<ReplyEvent, Msg> {
    return streamTask({
      task: (push, signal) => this.#reply(input, { ...options, signal }, new ReplyEvents(push)),
      signal: options.signal,
    });
  }

  /** Remembers messages without answering them. */
  async observe(messages: Msg | readonly Msg[]): Promise<void> {
    await this.memory.add(messages);
  }

  /** Stops the running reply, if there is one: it resolves to a short answer with `metadata._is_interrupted`. */
  interrupt(reason?: unknown): void {
    this.#running?.abort(new Interruption(reason));
  }

  /** Calls `listener` with every snapshot, as it is printed; returns a function that ends that. What it throws is ignored. */
  onPrint(listener: PrintListener): () => void {
    const entry: PrintListener = (message, last) => listener(message, last);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** What to save between two replies: JSON, in the shape of Python's. */
  stateDict(): AgentStateDict {
    return {
      memory: this.memory.stateDict?.() ?? null,
      toolkit: this.toolkit.stateDict(),
      _reasoning_hint_msgs: { content: [] },
      name: this.name,
      _sys_prompt: this.#sysPrompt,
    };
  }

  /** Takes back what `stateDict` gave; `undefined` is nothing to load. Throws a `TypeError` for anything else. */
  loadStateDict(state: unknown, options: LoadStateOptions = {}): void {
    if (state === undefined || state === null) return;
    const { memory, _sys_prompt } = parseAgentState(state);
    if (memory !== undefined && memory !== null) this.memory.loadStateDict?.(memory);
    if (options.sysPrompt === true && _sys_prompt !== undefined) this.#sysPrompt = _sys_prompt;
  }

  async #reply(
    input: Msg | readonly Msg[] | undefined,
    { signal, ...caller }: ReplyOptions,
    events?: ReplyEvents,
  ): Promise<Msg> {
    if (this.#running !== undefined) {
      throw new Error(
        `The agent ${this.name} is replying already: await that reply, or use another instance.`,
      );
    }
    signal?.throwIfAborted();
    assertToolChoice(this.toolkit, caller);
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#running = controller;
    events?.emit({ type: "REPLY_START", name: this.name, role: "assistant" });
    try {
      const { message, finishedReason } = await runReply(
        this.#run(controller.signal, caller, events),
        messageList(input),
      );
      events?.emit({ type: "REPLY_END", finished_reason: finishedReason });
      return message;
    } catch (error) {
      events?.emit({
        type: "REPLY_END",
        finished_reason: controller.signal.aborted ? "interrupted" : "error",
        error: error instanceof Error ? { type: error.name, message: error.message } : ABORTED,
      });
      throw error;
    } finally {
      this.#running = undefined;
      signal?.removeEventListener("abort", abort);
    }
  }

  #run(signal: AbortSignal, caller: CallerOptions, events: ReplyEvents | undefined): ReplyRun {
    const { model, formatter, maxIters = 10, parallelToolCalls = false } = this.#options;
    return {
      name: this.name,
      sysPrompt: this.#sysPrompt,
      model,
      formatter,
      toolkit: this.toolkit,
      memory: this.memory,
      maxIters,
      parallelToolCalls,
      caller,
      signal,
      print: (message, last) => {
        events?.print(message, last);
        for (const listener of this.#listeners) {
          try {
            listener(message, last);
          } catch {
            // Who watches must not be able to break a reply.
          }
        }
      },
      emit: (event) => events?.emit(event),
    };
  }
}

const ABORTED = { type: "Error", message: "The reply was stopped." };
