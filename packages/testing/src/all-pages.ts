import type { Page } from "@agentscope-runtime/core";

/** Follows the cursors from the first page to the last. Throws where that leads round in circles or to an empty page. */
export async function allPages<Item>(
  page: (cursor: string | undefined) => Promise<Page<Item>>,
): Promise<Item[][]> {
  const pages: Item[][] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await page(cursor);
    if (items.length === 0 && pages.length > 0) throw new Error("There is a cursor to an empty page.");
    if (nextCursor !== undefined && cursors.has(nextCursor)) throw new Error("A cursor leads to itself.");
    pages.push([...items]);
    cursor = nextCursor;
    if (cursor !== undefined) cursors.add(cursor);
  } while (cursor !== undefined);
  return pages;
}
