import type { ToolChoice } from "../model/chat-model.ts";
import type { ToolSchema } from "../tool/tool-schema.ts";
import type { Toolkit } from "../tool/toolkit.ts";
import { UnknownToolError } from "./unknown-tool-error.ts";

/** What whoever asks an agent may want of one reply. */
export interface CallerOptions {
  /** Said to the model behind the system prompt. */
  readonly instructions?: string | undefined;
  /** Sent with each call of the model as they are, e.g. `{ temperature: 0 }`; they win over the model's own. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Which tool the model must call first: one of the agent's own or of the caller's. Once it has, it chooses itself.
   * `none` holds for the whole reply. Defaults to the model's own choice.
   */
  readonly toolChoice?: ToolChoice | undefined;
  /**
   * Tools that the caller runs. The reply ends with the message that calls one, and the next goes on with the results as
   * its input. Their calls have the `tool_type` `function`. They take the place of the agent's own of the same name.
   */
  readonly callerTools?: readonly ToolSchema[] | undefined;
  /** False makes the model call one tool at a time; what else one message calls is dropped. Defaults to true. */
  readonly severalCalls?: boolean | undefined;
}

/** What the model is told of all tools: the agent's own, then the caller's. */
export function toolSchemas(toolkit: Toolkit, caller: CallerOptions): readonly ToolSchema[] {
  const own = toolkit.getJsonSchemas().filter((tool) => !isCallersTool(caller, tool.function.name));
  return [...own, ...(caller.callerTools ?? [])];
}

/** True for the tools that the caller runs. */
export function isCallersTool({ callerTools = [] }: CallerOptions, name: string): boolean {
  return callerTools.some((tool) => tool.function.name === name);
}

/** Throws an `UnknownToolError` where the choice names none of the tools. */
export function assertToolChoice(toolkit: Toolkit, caller: CallerOptions): void {
  const { toolChoice } = caller;
  if (typeof toolChoice !== "object") return;
  const { name } = toolChoice;
  if (toolSchemas(toolkit, caller).some((tool) => tool.function.name === name)) return;
  throw new UnknownToolError(name);
}
