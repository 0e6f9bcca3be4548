import type { SessionHistoryService } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { allPages } from "./all-pages.ts";
import { hostileIds } from "./hostile-ids.ts";
import { badCursors, badLimits } from "./made-up-pages.ts";
import { nextMillisecond } from "./next-millisecond.ts";
import { textMessage } from "./text-message.ts";

/** Registers how the sessions of a user are listed. */
export function sessionListCases(service: () => SessionHistoryService): void {
  const owner = { agent: "agent", userId: "user" };
  const create = async (...sessionIds: readonly string[]) => {
    for (const sessionId of sessionIds) {
      await service().createSession({ ...owner, sessionId });
      await nextMillisecond();
    }
  };
  const pages = async (limit?: number) => {
    const found = await allPages((cursor) => service().listSessions({ ...owner, limit, cursor }));
    return found.map((page) => page.map(({ sessionId }) => sessionId));
  };

  describe("the list of sessions", () => {
    it("is empty for a user without any", async () => {
      expect(await service().listSessions(owner)).toEqual({ items: [] });
    });

    it("says of each session what asking for it says", async () => {
      await create("a", "b");
      await service().appendMessages({ ...owner, sessionId: "a" }, [textMessage("hello")]);
      const { items } = await service().listSessions(owner);
      const each = ["a", "b"].map((sessionId) => service().getSession({ ...owner, sessionId }));
      expect(items).toEqual(await Promise.all(each));
    });

    it("begins with the most recently updated, whatever the update was", async () => {
      await create("a", "b", "c", "d", "e");
      await service().updateSession({ ...owner, sessionId: "c" }, { name: "changed" });
      await nextMillisecond();
      await service().appendMessages({ ...owner, sessionId: "a" }, [textMessage("hello", { id: "1" })]);
      await nextMillisecond();
      expect(await pages()).toEqual([["a", "c", "e", "d", "b"]]);
      const { createdAt, updatedAt } = (await service().listSessions(owner)).items[0] ?? {};
      expect(updatedAt).toBeGreaterThan(createdAt ?? Number.POSITIVE_INFINITY);
    });

    it("comes in pages, of which the last is not empty", async () => {
      await create("a", "b", "c", "d");
      expect(await pages(3)).toEqual([["d", "c", "b"], ["a"]]);
      expect(await pages(2)).toEqual([
        ["d", "c"],
        ["b", "a"],
      ]);
    });

    it("has each session once, even where all were created at the same time", async () => {
      const ids = Array.from({ length: 25 }, (_, index) => `${index}`);
      await Promise.all(ids.map((sessionId) => service().createSession({ ...owner, sessionId })));
      const found = (await pages(4)).flat();
      expect(found).toHaveLength(ids.length);
      expect(new Set(found)).toEqual(new Set(ids));
    });

    it("does not repeat a session that is updated between two pages, nor miss another", async () => {
      await create("a", "b", "c", "d");
      const first = await service().listSessions({ ...owner, limit: 2 });
      await service().updateSession({ ...owner, sessionId: "d" }, { name: "changed" });
      const second = await service().listSessions({ ...owner, limit: 2, cursor: first.nextCursor });
      const found = [...first.items, ...second.items].map(({ sessionId }) => sessionId);
      expect(found).toEqual(["d", "c", "b", "a"]);
    });

    it("holds the sessions of that user with that agent only", async () => {
      for (const id of hostileIds) {
        await service().createSession({ userId: id, sessionId: `of user ${id}` });
        await service().createSession({ agent: id, userId: "user", sessionId: `with agent ${id}` });
      }
      for (const id of hostileIds) {
        const ofUser = await service().listSessions({ userId: id });
        expect(ofUser.items.map(({ sessionId }) => sessionId)).toEqual([`of user ${id}`]);
        const withAgent = await service().listSessions({ agent: id, userId: "user" });
        expect(withAgent.items.map(({ sessionId }) => sessionId)).toEqual([`with agent ${id}`]);
      }
      expect((await service().listSessions({ userId: "user" })).items).toEqual([]);
    });

    it("no longer has a deleted session", async () => {
      await create("a", "b");
      await service().deleteSession({ ...owner, sessionId: "b" });
      expect(await pages()).toEqual([["a"]]);
    });

    it.each(badLimits)("can't have pages of %s", async (limit) => {
      const refused = service().listSessions({ ...owner, limit });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });

    it.each(badCursors)("does not begin at the made-up cursor %j", async (cursor) => {
      await create("a", "b");
      const refused = service().listSessions({ ...owner, cursor });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });
  });
}
