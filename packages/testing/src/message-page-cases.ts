import type { SessionHistoryService } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { allPages } from "./all-pages.ts";
import { badCursors, badLimits } from "./made-up-pages.ts";
import { textMessage, textOf } from "./text-message.ts";

/** Registers how the messages of a session are read page by page. */
export function messagePageCases(service: () => SessionHistoryService): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const append = (...numbers: readonly number[]) =>
    service().appendMessages(
      session,
      numbers.map((number) => textMessage(`${number}`, { id: `${number}` })),
    );
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
  const pages = async (limit: number, order: "asc" | "desc") => {
    const found = await allPages((cursor) => service().getMessages(session, { limit, order, cursor }));
    return found.map((page) => page.map((message) => Number(textOf(message))));
  };

  describe("pages of messages", () => {
    it("follow each other from the oldest to the newest, and from the newest to the oldest", async () => {
      await append(...upTo(5));
      expect(await pages(2, "asc")).toEqual([[0, 1], [2, 3], [4]]);
      expect(await pages(2, "desc")).toEqual([[4, 3], [2, 1], [0]]);
      expect(await pages(1, "asc")).toEqual([[0], [1], [2], [3], [4]]);
    });

    it("end without an empty one", async () => {
      await append(...upTo(4));
      expect(await pages(2, "asc")).toEqual([
        [0, 1],
        [2, 3],
      ]);
      expect(await pages(4, "desc")).toEqual([[3, 2, 1, 0]]);
      expect(await pages(1000, "asc")).toEqual([[0, 1, 2, 3]]);
    });

    it("hold 100, the oldest first, unless something else is asked for", async () => {
      await append(...upTo(101));
      const { items, nextCursor } = await service().getMessages(session);
      expect(items.map(textOf)).toEqual(upTo(100).map(String));
      const rest = await service().getMessages(session, { cursor: nextCursor });
      expect(rest).toEqual({ items: [expect.objectContaining({ id: "100" })] });
    });

    it("go on while messages are appended: ascending finds them, descending does not repeat any", async () => {
      await append(...upTo(3));
      const ascending = await service().getMessages(session, { limit: 2 });
      const descending = await service().getMessages(session, { limit: 2, order: "desc" });
      await append(3, 4);
      const next = await service().getMessages(session, { cursor: ascending.nextCursor });
      expect(next.items.map(textOf)).toEqual(["2", "3", "4"]);
      const earlier = await service().getMessages(session, { order: "desc", cursor: descending.nextCursor });
      expect(earlier.items.map(textOf)).toEqual(["0"]);
    });

    it("go on after the messages around the cursor are deleted", async () => {
      await append(...upTo(6));
      const ascending = await service().getMessages(session, { limit: 3 });
      const descending = await service().getMessages(session, { limit: 3, order: "desc" });
      await service().deleteMessages(session, ["2", "3"]);
      const next = await service().getMessages(session, { cursor: ascending.nextCursor });
      expect(next.items.map(textOf)).toEqual(["4", "5"]);
      const earlier = await service().getMessages(session, { order: "desc", cursor: descending.nextCursor });
      expect(earlier.items.map(textOf)).toEqual(["1", "0"]);
    });

    it.each(badLimits)("can't hold %s messages", async (limit) => {
      const refused = service().getMessages(session, { limit });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });

    it.each(badCursors)("do not begin at the made-up cursor %j", async (cursor) => {
      await append(...upTo(3));
      for (const order of ["asc", "desc"] as const) {
        const refused = service().getMessages(session, { cursor, order });
        await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
      }
    });
  });
}
