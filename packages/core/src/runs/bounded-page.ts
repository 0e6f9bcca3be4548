import type { Page, PageOptions } from "../contracts/page.ts";
import { pageLimit } from "../services/to-page.ts";

/**
 * A page of no more than about `MAX_PAGE_LENGTH` characters of JSON: it is put together from smaller ones, of which the
 * first has `first` items, and ends where they have become too long. So it may be shorter than its limit, though never
 * empty, and yet have a next one.
 */
export async function boundedPage<Item>(
  { limit, cursor }: PageOptions,
  first: number,
  read: (options: PageOptions) => Promise<Page<Item>>,
): Promise<Page<Item>> {
  const most = pageLimit(limit);
  const items: Item[] = [];
  let length = 0;
  let next = cursor;
  let count = Math.min(first, most);
  for (;;) {
    const page = await read({ limit: count, cursor: next });
    items.push(...page.items);
    next = page.nextCursor;
    if (next === undefined) return { items };
    for (const item of page.items) length += JSON.stringify(item).length;
    if (items.length >= most || length >= MAX_PAGE_LENGTH) return { items, nextCursor: next };
    // As many as there is room for if they are like those before; not many more at once, as they may be longer.
    const room = Math.ceil(((MAX_PAGE_LENGTH - length) * items.length) / Math.max(length, 1));
    count = Math.max(1, Math.min(most - items.length, room, count * 8));
  }
}

const MAX_PAGE_LENGTH = 4 * 2 ** 20;
