import type { Page } from "../contracts/page.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** How many items a page may hold; throws `INVALID_PARAMETER` outside 1 to 1000. */
export function pageLimit(limit = 100): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw new RuntimeError("INVALID_PARAMETER", "A page's limit is a whole number from 1 to 1000.");
}

/** The page of the first `limit` of `found`; one found beyond them only tells that there is a next page. */
export function toPage<Found, Item>(
  found: readonly Found[],
  limit: number,
  toItem: (found: Found) => Item,
  toCursor: (last: Found) => string,
): Page<Item> {
  const kept = found.slice(0, limit);
  const last = found.length > limit ? kept.at(-1) : undefined;
  const items = kept.map(toItem);
  return last === undefined ? { items } : { items, nextCursor: toCursor(last) };
}
