import type { SessionHistoryService, SessionKey } from "@agentscope-runtime/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allPages } from "./all-pages.ts";
import type { Durable } from "./durable.ts";
import { fenceCases } from "./fence-cases.ts";
import { hostileSessions } from "./hostile-ids.ts";
import { lifecycleCases } from "./lifecycle-cases.ts";
import { messageCases } from "./message-cases.ts";
import { messagePageCases } from "./message-page-cases.ts";
import { sessionListCases } from "./session-list-cases.ts";
import { textMessage, textOf } from "./text-message.ts";

export interface SessionHistoryServiceSuiteOptions {
  /** An unstarted service with data of its own. */
  create(): Promise<SessionHistoryService> | SessionHistoryService;
  /** Given where the data outlives the service. */
  readonly durable?: Durable<SessionHistoryService> | undefined;
}

/** Registers tests of everything that {@link SessionHistoryService} promises. */
export function sessionHistoryServiceSuite(
  name: string,
  { create, durable }: SessionHistoryServiceSuiteOptions,
): void {
  describe(`${name} as a SessionHistoryService`, () => {
    let service: SessionHistoryService;
    beforeEach(async () => {
      service = await create();
      await service.start();
    });
    afterEach(() => service.stop());

    const session: SessionKey = { agent: "agent", userId: "user", sessionId: "session" };
    const texts = async (key: SessionKey = session) =>
      (await service.getMessages(key, { limit: 1000 })).items.map(textOf);

    lifecycleCases(() => create(), {
      createSession: (service) => service.createSession(session),
      getSession: (service) => service.getSession(session),
      listSessions: (service) => service.listSessions(session),
      updateSession: (service) => service.updateSession(session, {}),
      deleteSession: (service) => service.deleteSession(session),
      appendMessages: (service) => service.appendMessages(session, []),
      getMessages: (service) => service.getMessages(session),
      deleteMessages: (service) => service.deleteMessages(session),
    });

    fenceCases({
      writes: {
        createSession: (handle) => service.createSession(handle),
        updateSession: (handle) => service.updateSession(handle, { name: "written" }),
        deleteSession: (handle) => service.deleteSession(handle),
        appendMessages: (handle) => service.appendMessages(handle, [textMessage("written")]),
        deleteMessages: (handle) => service.deleteMessages(handle),
      },
      reads: {
        getSession: (handle) => service.getSession(handle),
        getMessages: (handle) => service.getMessages(handle),
      },
      contents: async (handle) => [await service.getSession(handle), await service.getMessages(handle)],
      seed: (handle) => service.appendMessages(handle, [textMessage("seed")]),
    });

    sessionListCases(() => service);
    messageCases(() => service);
    messagePageCases(() => service);

    describe("sessions", () => {
      it("are created empty, with the name and metadata they are given", async () => {
        const before = Date.now();
        const created = await service.createSession(
          { ...session, fence: 1 },
          { name: "Trip", metadata: { tags: ["a"], __proto__: null } },
        );
        expect(created).toEqual({
          ...session,
          name: "Trip",
          metadata: { tags: ["a"] },
          createdAt: created.createdAt,
          updatedAt: created.createdAt,
          messageCount: 0,
        });
        // A server's clock may differ a little from this one.
        expect(Math.abs(created.createdAt - before)).toBeLessThan(60_000);
        expect(await service.getSession(session)).toEqual(created);
        expect(await service.getMessages(session)).toEqual({ items: [] });
      });

      it("need neither agent, name nor metadata", async () => {
        const created = await service.createSession({ userId: "user", sessionId: "session" });
        expect(created).toMatchObject({
          userId: "user",
          sessionId: "session",
          metadata: {},
          messageCount: 0,
        });
        expect(created.name).toBeUndefined();
        expect(created.agent).toBeUndefined();
      });

      it("are not created by asking for them", async () => {
        expect(await service.getSession(session)).toBeUndefined();
        expect(await service.getMessages(session)).toEqual({ items: [] });
        expect(await service.getSession(session)).toBeUndefined();
      });

      it("are created once only, and what they hold stays", async () => {
        await service.appendMessages(session, [textMessage("kept")]);
        await expect(service.createSession(session)).rejects.toMatchObject({ code: "SESSION_EXISTS" });
        expect(await texts()).toEqual(["kept"]);
        const fresh = { ...session, sessionId: "fresh" };
        const attempts = Array.from({ length: 20 }, () => service.createSession(fresh));
        const settled = await Promise.allSettled(attempts);
        expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      });

      it("change name and metadata, each on its own", async () => {
        await service.createSession(session, { name: "old", metadata: { a: 1, b: 2 } });
        expect(await service.updateSession(session, { name: "new" })).toMatchObject({
          name: "new",
          metadata: { a: 1, b: 2 },
        });
        const changed = await service.updateSession(session, { metadata: { c: 3 } });
        expect(changed.name).toBe("new");
        expect(changed.metadata).toEqual({ c: 3 });
        expect((await service.updateSession(session, { name: null })).name).toBeUndefined();
        expect((await service.getSession(session))?.metadata).toEqual({ c: 3 });
      });

      it("can't be changed where there are none", async () => {
        const refusal = { code: "RESOURCE_NOT_FOUND" };
        await expect(service.updateSession(session, { name: "a" })).rejects.toMatchObject(refusal);
        expect(await service.getSession(session)).toBeUndefined();
      });

      it("take JSON objects only as metadata", async () => {
        const refusal = { code: "INVALID_PARAMETER" };
        const metadata = { value: 1n };
        await expect(service.createSession(session, { metadata })).rejects.toMatchObject(refusal);
        expect(await service.getSession(session)).toBeUndefined();
        await service.createSession(session);
        const changing = service.updateSession(session, { name: "a", metadata });
        await expect(changing).rejects.toMatchObject(refusal);
        expect((await service.getSession(session))?.name).toBeUndefined();
      });

      it("are gone with their messages once deleted", async () => {
        await service.appendMessages(session, [textMessage("gone", { id: "1" })]);
        await service.deleteSession(session);
        expect(await service.getSession(session)).toBeUndefined();
        expect(await texts()).toEqual([]);
        await service.deleteSession(session);
        await service.appendMessages(session, [textMessage("again", { id: "1" })]);
        expect(await texts()).toEqual(["again"]);
      });

      it("are kept apart by user, agent and id, whatever characters these hold", async () => {
        const append = (key: SessionKey, index: number) =>
          service.appendMessages(key, [textMessage(`${index}`, { id: "same" })]);
        await Promise.all(hostileSessions.map(append));
        const all = await Promise.all(hostileSessions.map(texts));
        expect(all).toEqual(hostileSessions.map((_, index) => [`${index}`]));
        const sessions = await Promise.all(hostileSessions.map((key) => service.getSession(key)));
        expect(sessions).toMatchObject(hostileSessions);
        await Promise.all(hostileSessions.slice(1).map((key) => service.deleteSession(key)));
        expect(await texts(hostileSessions[0])).toEqual(["0"]);
      });
    });

    if (durable === undefined) return;
    describe("reopened", () => {
      it("has its sessions and messages, honours old cursors, and still knows ids and fences", async () => {
        const messages = Array.from({ length: 5 }, (_, index) => textMessage(`${index}`, { id: `${index}` }));
        await service.createSession({ ...session, fence: 5 }, { name: "kept", metadata: { a: 1 } });
        await service.appendMessages(session, messages);
        const before = await service.getSession(session);
        const { nextCursor } = await service.getMessages(session, { limit: 2 });
        await service.stop();
        service = await durable.reopen(service);
        await service.start();
        expect(await service.getSession(session)).toEqual(before);
        const rest = await allPages((cursor) =>
          service.getMessages(session, { limit: 2, cursor: cursor ?? nextCursor }),
        );
        expect(rest.flat().map(textOf)).toEqual(["2", "3", "4"]);
        await service.appendMessages(session, [...messages, textMessage("5", { id: "5" })]);
        expect(await texts()).toEqual(["0", "1", "2", "3", "4", "5"]);
        const superseded = service.appendMessages({ ...session, fence: 4 }, []);
        await expect(superseded).rejects.toMatchObject({ code: "FENCED" });
      });
    });
  });
}
