import type { Page } from "@agentscope-runtime/core";

/** Follows the cursors from the first page to the last; every page but an only one must hold something. */
export async function allPages<Item>(
  page: (cursor: string | undefined) => Promise<Page<Item>>,
): Promise<Item[][]> {
  const pages: Item[][] = [];
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await page(cursor);
    if (items.length === 0 && pages.length > 0) throw new Error("There is a cursor to an empty page.");
    pages.push([...items]);
    cursor = nextCursor;
  } while (cursor !== undefined);
  return pages;
}
