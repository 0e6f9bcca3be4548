import { Message } from "@agentscope-runtime/agent-api";
import type { MemoryItem, MemoryService, SessionKey } from "@agentscope-runtime/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Durable } from "./durable.ts";
import { fenceCases } from "./fence-cases.ts";
import { hostileIds, hostileSessions } from "./hostile-ids.ts";
import { lifecycleCases } from "./lifecycle-cases.ts";
import { memoryPageCases } from "./memory-page-cases.ts";
import { memorySearchCases } from "./memory-search-cases.ts";
import { textMessage, textOf } from "./text-message.ts";

export interface MemoryServiceSuiteOptions {
  /** An unstarted service with data of its own. */
  create(): Promise<MemoryService> | MemoryService;
  /** Given where the data outlives the service. */
  readonly durable?: Durable<MemoryService> | undefined;
}

/** Registers tests of everything that {@link MemoryService} promises. */
export function memoryServiceSuite(name: string, { create, durable }: MemoryServiceSuiteOptions): void {
  describe(`${name} as a MemoryService`, () => {
    let service: MemoryService;
    beforeEach(async () => {
      service = await create();
      await service.start();
    });
    afterEach(() => service.stop());

    const owner = { agent: "agent", userId: "user" };
    const session: SessionKey = { ...owner, sessionId: "session" };
    const found = (items: readonly MemoryItem[]) => items.map(({ message }) => textOf(message));
    const listed = async (scope: Parameters<MemoryService["listMemory"]>[0] = owner) =>
      found((await service.listMemory(scope)).items);

    lifecycleCases(() => create(), {
      addMemory: (service) => service.addMemory(session, []),
      searchMemory: (service) => service.searchMemory(owner, "word"),
      listMemory: (service) => service.listMemory(owner),
      deleteMemory: (service) => service.deleteMemory(owner),
    });

    fenceCases({
      writes: { addMemory: (handle) => service.addMemory(handle, [textMessage("written")]) },
      reads: {},
      contents: ({ agent, userId, sessionId }) => service.listMemory({ agent, userId, sessionId }),
      seed: (handle) => service.addMemory(handle, [textMessage("seed")]),
    });

    memorySearchCases(() => service);
    memoryPageCases(() => service);

    it("remembers copies of messages, with every missing key filled in, and whose they are", async () => {
      const message = Message.parse(textMessage("original", { id: "1", metadata: { inner: {} } }));
      const kept = structuredClone(message);
      await service.addMemory(session, [message]);
      Object.assign(message.metadata?.inner ?? {}, { changed: true });
      const [item] = (await service.listMemory(owner)).items;
      expect(item).toEqual({ message: kept, sessionId: "session" });
      Object.assign(item?.message.metadata?.inner ?? {}, { changed: true });
      expect(await service.searchMemory(owner, "original")).toEqual([
        { message: kept, sessionId: "session" },
      ]);
    });

    it("passes over a message whose id the session's memories hold already", async () => {
      await service.addMemory(session, [textMessage("one", { id: "1" }), textMessage("two", { id: "2" })]);
      await service.addMemory(session, [
        textMessage("other", { id: "1" }),
        textMessage("three", { id: "3" }),
      ]);
      await service.addMemory({ ...session, sessionId: "another" }, [textMessage("one", { id: "1" })]);
      expect(await listed()).toEqual(["one", "two", "three", "one"]);
    });

    it("remembers all or none", async () => {
      const bad = { role: "nobody" } as unknown as Message;
      const refused = service.addMemory(session, [textMessage("good"), bad]);
      await expect(refused).rejects.toMatchObject({
        code: "INVALID_PARAMETER",
        details: [expect.objectContaining({ path: [1, "role"] })],
      });
      expect(await listed()).toEqual([]);
    });

    it("remembers what 50 parallel writers add, each message once", async () => {
      const texts = Array.from({ length: 50 }, (_, writer) => `writer ${writer}`);
      const shared = textMessage("shared", { id: "shared" });
      await Promise.all(texts.map((text) => service.addMemory(session, [textMessage(text), shared])));
      expect((await listed()).toSorted()).toEqual(["shared", ...texts].toSorted());
    });

    it("remembers messages of any id and any text, and of 5 MB", async () => {
      const messages = hostileIds.map((id) => textMessage(`${id} \ud800`, { id }));
      await service.addMemory(session, messages);
      const { items } = await service.listMemory(owner);
      expect(items.map(({ message }) => message)).toEqual(messages.map((message) => Message.parse(message)));
      const large = "5 MB ".repeat(2 ** 20);
      await service.addMemory({ ...session, userId: "large" }, [textMessage(large)]);
      expect((await listed({ ...owner, userId: "large" }))[0] === large).toBe(true);
    });

    it("keeps users, agents and sessions apart, whatever characters their ids hold", async () => {
      const add = (key: SessionKey, index: number) =>
        service.addMemory(key, [textMessage(`memory ${index}`, { id: "same" })]);
      await Promise.all(hostileSessions.map(add));
      const own = hostileSessions.map((_, index) => [`memory ${index}`]);
      expect(await Promise.all(hostileSessions.map(listed))).toEqual(own);
      const search = async (key: SessionKey) =>
        found(await service.searchMemory(key, "memory", { limit: 1000 }));
      expect(await Promise.all(hostileSessions.map(search))).toEqual(own);
      await Promise.all(hostileSessions.slice(1).map((key) => service.deleteMemory(key)));
      expect(await Promise.all(hostileSessions.map(listed))).toEqual([own[0], ...own.slice(1).map(() => [])]);
    });

    it("takes all of a user's sessions with that agent where none is named", async () => {
      await service.addMemory(session, [textMessage("first word")]);
      await service.addMemory({ ...session, sessionId: "another" }, [textMessage("second word")]);
      await service.addMemory({ ...session, userId: "stranger" }, [textMessage("foreign word")]);
      await service.addMemory({ ...session, agent: "stranger" }, [textMessage("strange word")]);
      await service.addMemory({ userId: "user", sessionId: "session" }, [textMessage("word of no agent")]);
      expect(await listed()).toEqual(["first word", "second word"]);
      expect(found(await service.searchMemory(owner, "word"))).toEqual(["second word", "first word"]);
      expect(await listed({ userId: "user" })).toEqual(["word of no agent"]);
    });

    it("forgets one session, or all of them, and may be told again", async () => {
      const another = { ...session, sessionId: "another" };
      await service.addMemory(session, [textMessage("one", { id: "1" })]);
      await service.addMemory(another, [textMessage("two")]);
      await service.deleteMemory(session);
      expect(await listed()).toEqual(["two"]);
      expect(await service.searchMemory(owner, "one")).toEqual([]);
      await service.addMemory(session, [textMessage("one again", { id: "1" })]);
      expect(await listed()).toEqual(["two", "one again"]);
      await service.addMemory({ ...session, userId: "stranger" }, [textMessage("kept")]);
      await service.deleteMemory(owner);
      expect(await listed()).toEqual([]);
      expect(await listed({ ...owner, userId: "stranger" })).toEqual(["kept"]);
      await service.deleteMemory(owner);
    });

    if (durable === undefined) return;
    describe("reopened", () => {
      it("has everything, finds it, and still knows ids and fences", async () => {
        const messages = [textMessage("first", { id: "1" }), textMessage("second", { id: "2" })];
        await service.addMemory({ ...session, fence: 5 }, messages);
        await service.stop();
        service = await durable.reopen(service);
        await service.start();
        await service.addMemory(session, [...messages, textMessage("third")]);
        expect(await listed()).toEqual(["first", "second", "third"]);
        expect(found(await service.searchMemory(owner, "second"))).toEqual(["second"]);
        const superseded = service.addMemory({ ...session, fence: 4 }, messages);
        await expect(superseded).rejects.toMatchObject({ code: "FENCED" });
      });
    });
  });
}
