/** A chunk of the OpenAI-compatible stream, with what the compatible servers leave out left open. */
export type CompletionChunk = {
  readonly id?: string | null;
  readonly choices?: readonly CompletionChoice[] | null;
  readonly usage?: CompletionUsage | null;
};

type CompletionChoice = {
  readonly delta?: {
    readonly content?: string | null;
    readonly reasoning_content?: string | null;
    /** What vLLM and Ollama call `reasoning_content`. */
    readonly reasoning?: string | null;
    readonly refusal?: string | null;
    readonly tool_calls?: readonly ToolCallFragment[] | null;
  } | null;
  readonly finish_reason?: string | null;
};

export type ToolCallFragment = {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: string | null } | null;
};

export type CompletionUsage = {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number | null } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number | null } | null;
};
