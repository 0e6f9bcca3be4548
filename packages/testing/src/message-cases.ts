import { Message } from "@agentscope-runtime/agent-api";
import type { SessionHistoryService } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { hostileIds } from "./hostile-ids.ts";
import { textMessage, textOf } from "./text-message.ts";

/** Registers how the messages of a session are kept. */
export function messageCases(service: () => SessionHistoryService): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const texts = async () => (await service().getMessages(session, { limit: 1000 })).items.map(textOf);

  describe("messages", () => {
    it("come back in order, with every missing key filled in, and create their session", async () => {
      const complete = Message.parse({
        id: "msg_2",
        type: "function_call_output",
        role: "tool",
        status: "completed",
        content: [{ type: "data", data: { call_id: "call_1", output: "null" }, index: 0, msg_id: "msg_2" }],
        metadata: { a: { b: [1] } },
        usage: { total_tokens: 3 },
      });
      await service().appendMessages(session, [textMessage("one"), complete]);
      const [first, second] = (await service().getMessages(session)).items;
      expect(first).toEqual(Message.parse(textMessage("one", { id: first?.id })));
      expect(first?.id).toMatch(/^msg_/);
      expect(second).toEqual(complete);
      expect(await service().getSession(session)).toMatchObject({ ...session, messageCount: 2 });
    });

    it("are copied in and out", async () => {
      const message = Message.parse(textMessage("original", { id: "1", metadata: { inner: {} } }));
      const kept = structuredClone(message);
      await service().appendMessages(session, [message]);
      Object.assign(message.metadata?.inner ?? {}, { changed: true });
      const [first] = (await service().getMessages(session)).items;
      expect(first).toEqual(kept);
      Object.assign(first?.metadata?.inner ?? {}, { changed: true });
      expect((await service().getMessages(session)).items).toEqual([kept]);
    });

    it("are appended all or none", async () => {
      const bad = { role: "nobody" } as unknown as Message;
      const refused = service().appendMessages(session, [textMessage("good"), bad]);
      await expect(refused).rejects.toMatchObject({
        code: "INVALID_PARAMETER",
        details: [expect.objectContaining({ path: [1, "role"] })],
      });
      expect(await service().getSession(session)).toBeUndefined();
      expect(await texts()).toEqual([]);
    });

    it.each<[string, unknown]>([
      ["null", [null]],
      ["a string", ["hello"]],
      ["no list", "hello"],
      ["a bigint inside", [{ metadata: { value: 1n } }]],
    ])("can't be %s", async (_name, messages) => {
      const refused = service().appendMessages(session, messages as Message[]);
      await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
      expect(await texts()).toEqual([]);
    });

    it("are passed over where their id is there already, so that an append may be repeated", async () => {
      const batch = [textMessage("a", { id: "1" }), textMessage("b", { id: "2" })];
      await service().appendMessages(session, batch);
      const before = await service().getSession(session);
      await service().appendMessages(session, batch);
      expect(await service().getSession(session)).toEqual(before);
      const third = textMessage("c", { id: "3" });
      await service().appendMessages(session, [textMessage("other", { id: "2" }), third, third]);
      expect(await texts()).toEqual(["a", "b", "c"]);
    });

    it("may be none at all", async () => {
      await service().appendMessages(session, [textMessage("a")]);
      await service().appendMessages(session, []);
      expect(await texts()).toEqual(["a"]);
    });

    it("of 50 parallel writers are all there once, and each batch stays together", async () => {
      const writers = Array.from({ length: 50 }, (_, writer) => writer);
      const batch = (writer: number) => [0, 1, 2].map((part) => textMessage(`${writer}/${part}`));
      await Promise.all(writers.map((writer) => service().appendMessages(session, batch(writer))));
      const all = await texts();
      const inOrder = all.filter((_, index) => index % 3 === 0).map((text) => Number(text.split("/")[0]));
      expect(all).toEqual(
        inOrder.flatMap((writer) => batch(writer).map((message) => textOf(Message.parse(message)))),
      );
      expect(inOrder.toSorted((a, b) => a - b)).toEqual(writers);
      expect((await service().getSession(session))?.messageCount).toBe(150);
    });

    it("are there once when 50 writers append the same", async () => {
      const same = [textMessage("same", { id: "1" })];
      await Promise.all(Array.from({ length: 50 }, () => service().appendMessages(session, same)));
      expect(await texts()).toEqual(["same"]);
      expect((await service().getSession(session))?.messageCount).toBe(1);
    });

    it("may have any id and any text", async () => {
      const messages = hostileIds.map((id) => textMessage(`${id} \ud800`, { id }));
      await service().appendMessages(session, messages);
      const { items } = await service().getMessages(session);
      expect(items).toEqual(messages.map((message) => Message.parse(message)));
      await service().deleteMessages(session, hostileIds.slice(1));
      expect((await service().getMessages(session)).items.map(({ id }) => id)).toEqual([hostileIds[0]]);
    });

    it("may have 5 MB", async () => {
      const text = "5 MB ".repeat(2 ** 20);
      await service().appendMessages(session, [textMessage(text)]);
      expect((await texts())[0] === text).toBe(true);
    });

    it("are deleted by id, and unknown ids are passed over", async () => {
      await service().appendMessages(
        session,
        ["1", "2", "3"].map((id) => textMessage(id, { id })),
      );
      await service().deleteMessages(session, ["2", "unknown"]);
      expect(await texts()).toEqual(["1", "3"]);
      await service().deleteMessages(session, []);
      expect((await service().getSession(session))?.messageCount).toBe(2);
      await service().appendMessages(session, [textMessage("2 again", { id: "2" })]);
      expect(await texts()).toEqual(["1", "3", "2 again"]);
    });

    it("are deleted altogether, and the session stays", async () => {
      await service().createSession(session, { name: "kept" });
      await service().appendMessages(session, [textMessage("a", { id: "1" }), textMessage("b")]);
      await service().deleteMessages(session);
      expect(await texts()).toEqual([]);
      expect(await service().getSession(session)).toMatchObject({ name: "kept", messageCount: 0 });
      await service().appendMessages(session, [textMessage("a again", { id: "1" })]);
      expect(await texts()).toEqual(["a again"]);
    });

    it("are not there to be deleted where there is no session", async () => {
      await service().deleteMessages(session);
      await service().deleteMessages(session, ["1"]);
      expect(await service().getSession(session)).toBeUndefined();
    });
  });
}
