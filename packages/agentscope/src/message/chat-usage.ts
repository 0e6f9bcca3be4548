/** What a model call cost. Counts are tokens, `time` is seconds since the call began. */
export type ChatUsage = {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly time: number;
  /** The part of `input_tokens` that came from the provider's cache. */
  readonly cached_tokens?: number | undefined;
  /** The part of `output_tokens` that was spent on thinking. */
  readonly reasoning_tokens?: number | undefined;
};
