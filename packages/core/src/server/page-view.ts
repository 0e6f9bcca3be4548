import { z } from "zod";
import type { Page } from "../contracts/page.ts";

/** A page of a list over HTTP. */
export interface PageView<Item> {
  readonly object: "list";
  readonly data: readonly Item[];
  /** What to ask the next page with; `null` on the last. */
  readonly next_cursor: string | null;
}

/** What every list takes in its query. */
export const pageQuery: {
  readonly limit: z.ZodType<number, unknown>;
  readonly cursor: z.ZodType<string | undefined, string | undefined>;
} = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().optional(),
};

export function pageOf<Item>(item: z.ZodType<Item>): z.ZodType<PageView<Item>> {
  return z.object({ object: z.literal("list"), data: z.array(item), next_cursor: z.string().nullable() });
}

export function toPageView<Found, Item>(
  { items, nextCursor }: Page<Found>,
  toItem: (found: Found) => Item,
): PageView<Item> {
  return { object: "list", data: items.map(toItem), next_cursor: nextCursor ?? null };
}
