/** What the models need of an OpenAI client; the `openai` package's clients all have it. */
export interface CompletionsClient {
  readonly chat: {
    readonly completions: {
      /** Starts a chat completion that is streamed as chunks. */
      create(body: object, options: { readonly signal: AbortSignal }): PromiseLike<AsyncIterable<unknown>>;
    };
  };
}
