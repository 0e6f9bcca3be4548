import type { ListTasksOptions, TaskQueue } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { allPages } from "./all-pages.ts";
import { hostileIds } from "./hostile-ids.ts";
import { badCursors, badLimits } from "./made-up-pages.ts";
import { addTask, doTask } from "./task-cases.ts";

/** Registers which tasks are listed, and in which order. */
export function taskListCases(queue: () => TaskQueue): void {
  const add = async (count: number) => {
    for (let index = 0; index < count; index++) await addTask(queue(), { id: `${index}` });
  };
  const pages = async (options: Partial<ListTasksOptions> = {}) => {
    const found = await allPages((cursor) => queue().list({ name: "name", ...options, cursor }));
    return found.map((page) => page.map(({ id }) => id));
  };

  describe("list", () => {
    it("is empty where there are no tasks", async () => {
      expect(await pages()).toEqual([[]]);
    });

    it("says of each task what asking for it says, but for its result", async () => {
      await queue().work("name", () => "done");
      const { result, ...record } = await doTask(queue(), { userId: "user" });
      expect(result).toBe("done");
      expect((await queue().list({ name: "name" })).items).toEqual([record]);
    });

    it("begins with the newest and comes in pages, of which the last is not empty", async () => {
      await add(4);
      expect(await pages()).toEqual([["3", "2", "1", "0"]]);
      expect(await pages({ limit: 3 })).toEqual([["3", "2", "1"], ["0"]]);
      expect(await pages({ limit: 2 })).toEqual([
        ["3", "2"],
        ["1", "0"],
      ]);
    });

    it("holds 100 a page unless something else is asked for", async () => {
      await add(101);
      expect((await pages()).map((page) => page.length)).toEqual([100, 1]);
    });

    it("does not repeat or miss any when tasks come between two pages", async () => {
      await add(4);
      const first = await queue().list({ name: "name", limit: 2 });
      await addTask(queue());
      const second = await queue().list({ name: "name", limit: 2, cursor: first.nextCursor });
      expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(["3", "2", "1", "0"]);
    });

    it("can be narrowed to a user and a status, page by page", async () => {
      for (const userId of ["user", "other"]) {
        for (const index of [0, 1, 2]) {
          const key = await addTask(queue(), { id: `${userId} ${index}`, userId });
          if (index === 1) await queue().cancel(key, { reason: "a test" });
        }
      }
      await addTask(queue(), { id: "of nobody" });
      await addTask(queue(), { name: "another", userId: "user" });
      expect((await pages()).flat()).toHaveLength(7);
      expect(await pages({ userId: "user", limit: 2 })).toEqual([["user 2", "user 1"], ["user 0"]]);
      expect(await pages({ status: "canceled", limit: 1 })).toEqual([["other 1"], ["user 1"]]);
      expect(await pages({ userId: "other", status: "waiting" })).toEqual([["other 2", "other 0"]]);
      expect(await pages({ status: "failed" })).toEqual([[]]);
    });

    it("tells apart what differs by any character", async () => {
      for (const id of hostileIds) await addTask(queue(), { name: "users", id, userId: id });
      for (const userId of hostileIds) expect(await pages({ name: "users", userId })).toEqual([[userId]]);
    });

    it.each(badLimits)("can't have pages of %s", async (limit) => {
      await expect(pages({ limit })).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });

    it.each(badCursors)("does not begin at the made-up cursor %j", async (cursor) => {
      await add(2);
      const refused = queue().list({ name: "name", cursor });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });
  });
}
