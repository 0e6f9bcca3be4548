/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** What to ask the next page with; absent on the last. */
  readonly nextCursor?: string | undefined;
}

/** Which page of a list. */
export interface PageOptions {
  /** How many items at the most, 1 to 1000. Defaults to 100. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. A cursor that no page gave out is an `INVALID_PARAMETER`. */
  readonly cursor?: string | undefined;
}
