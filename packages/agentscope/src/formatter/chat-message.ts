import type { ProviderMessage } from "./formatter.ts";

export type ChatRole = "system" | "user" | "assistant";

/** A message of the chat completions wire. */
export type ChatMessage = {
  readonly role: ChatRole | "tool";
  readonly name?: string;
  readonly content: string | null | readonly ProviderMessage[];
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: "function";
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
  readonly tool_call_id?: string;
};
