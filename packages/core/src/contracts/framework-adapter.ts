import type { Message } from "@agentscope-runtime/agent-api";
import type { RuntimeError } from "../errors/runtime-error.ts";
import type { AgentPart } from "./agent-part.ts";

/**
 * Who writes a session's history: the handler through the framework's own memory, the engine (the run's input before
 * the handler starts, its output before the terminal event), or nobody.
 */
export type HistoryMode = "handler" | "engine" | "none";

/** Turns what a handler yields into parts. What it throws ends the run. */
export interface StreamReader<Yield> {
  /** Takes the next item; throws on one that `isYield` refuses. */
  push(item: Yield): void;

  /** The stream has come to its end. Not called where it broke off. */
  end(): void;
}

/** Teaches the engine one agent framework. It knows no HTTP and no order of events. */
export interface FrameworkAdapter<Input, Yield> {
  /** Names the framework in errors and logs. */
  readonly name: string;

  /** Who writes the history unless the app says otherwise. Defaults to `engine`. */
  readonly history?: HistoryMode | undefined;

  /** The input of a run as the framework's own; throws `INPUT_NOT_CONVERTIBLE` for what it can't express. */
  toInput(messages: readonly Message[]): Input;

  /** True for what the handler may yield: one item of the framework's stream. */
  isYield(value: unknown): value is Yield;

  /** A reader of one run's stream, which hands each part to `emit` as soon as it is known. */
  fromStream(emit: (part: AgentPart) => void): StreamReader<Yield>;

  /** The framework's own errors in the runtime's words; `undefined` for what it does not know. */
  toRuntimeError?(error: unknown): RuntimeError | undefined;
}
