import type { ListRunsOptions, RunRecord, RunStore } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { allPages } from "./all-pages.ts";
import { hostileIds } from "./hostile-ids.ts";
import { badCursors, badLimits } from "./made-up-pages.ts";
import { newRun } from "./new-run.ts";
import { createRun, endRun } from "./run-cases.ts";

/** Registers which runs are listed, and in which order. */
export function runListCases(store: () => RunStore): void {
  const create = async (count: number) => {
    for (let index = 0; index < count; index++) {
      await createRun(store(), { id: `${index}`, createdAt: Date.now() + index });
    }
  };
  const pages = async (options: Partial<ListRunsOptions> = {}) => {
    const found = await allPages((cursor) => store().list({ agent: "agent", ...options, cursor }));
    return found.map((page) => page.map(({ id }) => id));
  };

  describe("list", () => {
    it("is empty where there are no runs", async () => {
      expect(await pages()).toEqual([[]]);
    });

    it("says of each run what asking for it says, but for its input", async () => {
      const { run, lease } = await createRun(store());
      await store().waitTurn(lease);
      const { items } = await store().list({ agent: "agent" });
      const { request, ...record } = (await store().get(run.id)) as RunRecord;
      const { input, ...settings } = request;
      expect(input).toHaveLength(1);
      expect(items).toEqual([{ ...record, request: settings }]);
      expect(items[0]?.request).not.toHaveProperty("input");
    });

    it("has all runs on its pages, each once, however large their requests are", async () => {
      const ids = Array.from({ length: 9 }, (_, index) => `${index}`);
      for (const id of ids) {
        const run = newRun({ id });
        await store().create({ ...run, request: { ...run.request, notes: "x".repeat(1_500_000) } });
      }
      for (const limit of [2, 5, 100]) {
        const found = await pages({ limit });
        expect(found.flat()).toEqual(ids.toReversed());
        expect(Math.min(...found.map(({ length }) => length))).toBeGreaterThan(0);
        expect(Math.max(...found.map(({ length }) => length))).toBeLessThanOrEqual(limit);
      }
      const status = await pages({ status: "created", limit: 4 });
      expect(status.flat()).toEqual(ids.toReversed());
    });

    it("begins with the newest and comes in pages, of which the last is not empty", async () => {
      await create(4);
      expect(await pages()).toEqual([["3", "2", "1", "0"]]);
      expect(await pages({ limit: 3 })).toEqual([["3", "2", "1"], ["0"]]);
      expect(await pages({ limit: 2 })).toEqual([
        ["3", "2"],
        ["1", "0"],
      ]);
      expect(await pages({ limit: 1 })).toEqual([["3"], ["2"], ["1"], ["0"]]);
    });

    it("holds 100 a page unless something else is asked for", async () => {
      await create(101);
      expect((await pages()).map((page) => page.length)).toEqual([100, 1]);
    });

    it("has each run once, even where all were created at the same time", async () => {
      const ids = Array.from({ length: 25 }, (_, index) => `${index}`);
      await Promise.all(ids.map((id) => createRun(store(), { id, createdAt: 1_700_000_000_000 })));
      const found = (await pages({ limit: 4 })).flat();
      expect(found).toHaveLength(25);
      expect(new Set(found)).toEqual(new Set(ids));
    });

    it("does not repeat or miss any when runs come between two pages", async () => {
      await create(4);
      const first = await store().list({ agent: "agent", limit: 2 });
      await createRun(store(), { createdAt: Date.now() + 10 });
      const second = await store().list({ agent: "agent", limit: 2, cursor: first.nextCursor });
      expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(["3", "2", "1", "0"]);
    });

    it("can be narrowed to a user, a session and a status, page by page", async () => {
      for (const userId of ["user", "other"]) {
        for (const sessionId of ["a", "b"]) {
          for (const index of [0, 1, 2]) {
            const id = `${userId} ${sessionId} ${index}`;
            const session = { userId, sessionId };
            const { lease } = await createRun(store(), { id, session, createdAt: Date.now() + index });
            if (index !== 1) await endRun(store(), lease, index === 0 ? "completed" : "failed");
            await store().release(lease);
          }
        }
      }
      await createRun(store(), {
        id: "other agent",
        session: { agent: "other", userId: "user", sessionId: "a" },
      });
      expect((await pages()).flat()).toHaveLength(12);
      expect((await pages({ userId: "user" })).flat()).toHaveLength(6);
      const inA = await pages({ userId: "user", sessionId: "a", limit: 2 });
      expect(inA).toEqual([["user a 2", "user a 1"], ["user a 0"]]);
      expect((await pages({ sessionId: "b" })).flat().toSorted()).toEqual(
        ["other b 0", "other b 1", "other b 2", "user b 0", "user b 1", "user b 2"].toSorted(),
      );
      const completed = await pages({ status: "completed", limit: 1 });
      expect(completed.flat().toSorted()).toEqual(["other a 0", "other b 0", "user a 0", "user b 0"]);
      expect(await pages({ userId: "user", sessionId: "b", status: "failed" })).toEqual([["user b 2"]]);
      expect(await pages({ status: "rejected" })).toEqual([[]]);
    });

    it("tells apart what differs by any character", async () => {
      for (const id of hostileIds) {
        await createRun(store(), { id: `agent ${id}`, session: { agent: id } });
        await createRun(store(), { id: `user ${id}`, session: { agent: "users", userId: id } });
        await createRun(store(), { id: `session ${id}`, session: { agent: "sessions", sessionId: id } });
      }
      for (const id of hostileIds) {
        expect(await pages({ agent: id })).toEqual([[`agent ${id}`]]);
        expect(await pages({ agent: "users", userId: id })).toEqual([[`user ${id}`]]);
        expect(await pages({ agent: "sessions", sessionId: id })).toEqual([[`session ${id}`]]);
      }
    });

    it.each(badLimits)("can't have pages of %s", async (limit) => {
      await expect(pages({ limit })).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });

    it.each(badCursors)("does not begin at the made-up cursor %j", async (cursor) => {
      await create(2);
      const refused = store().list({ agent: "agent", cursor });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });
  });
}
