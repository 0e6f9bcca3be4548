import type { MemoryService } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { allPages } from "./all-pages.ts";
import { badCursors, badLimits } from "./made-up-pages.ts";
import { textMessage, textOf } from "./text-message.ts";

/** Registers how memories are listed page by page. */
export function memoryPageCases(service: () => MemoryService): void {
  const owner = { agent: "agent", userId: "user" };
  const add = async (count: number) => {
    for (let index = 0; index < count; index++) {
      await service().addMemory({ ...owner, sessionId: `${index % 2}` }, [textMessage(`${index}`)]);
    }
  };
  const pages = async (limit: number, sessionId?: string) => {
    const found = await allPages((cursor) =>
      service().listMemory({ ...owner, sessionId }, { limit, cursor }),
    );
    return found.map((page) => page.map(({ message }) => Number(textOf(message))));
  };

  describe("pages of memories", () => {
    it("go from the oldest to the newest, across sessions, and end without an empty one", async () => {
      await add(6);
      expect(await pages(4)).toEqual([
        [0, 1, 2, 3],
        [4, 5],
      ]);
      expect(await pages(3)).toEqual([
        [0, 1, 2],
        [3, 4, 5],
      ]);
      expect(await pages(2, "1")).toEqual([[1, 3], [5]]);
    });

    it("hold 100 unless something else is asked for", async () => {
      const messages = Array.from({ length: 101 }, (_, index) => textMessage(`${index}`));
      await service().addMemory({ ...owner, sessionId: "0" }, messages);
      const { items, nextCursor } = await service().listMemory(owner);
      expect(items).toHaveLength(100);
      expect((await service().listMemory(owner, { cursor: nextCursor })).items).toHaveLength(1);
    });

    it.each(badLimits)("can't hold %s memories", async (limit) => {
      const refused = service().listMemory(owner, { limit });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });

    it.each(badCursors)("do not begin at the made-up cursor %j", async (cursor) => {
      await add(3);
      const refused = service().listMemory(owner, { cursor });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });
  });
}
