/**
 * How a message or a reply ended. What was `interrupted`, met an `error`, reached the model's `length` limit or its
 * `content_filter` broke off; what came after too many rounds (`exceed_max_iters`) is whole. The names are those of
 * AgentScope 2, but for `length` and `content_filter`, which are the provider's.
 */
export type FinishedReason =
  | "completed"
  | "interrupted"
  | "exceed_max_iters"
  | "error"
  | "length"
  | "content_filter";
