import type { MemoryService } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { textMessage, textOf } from "./text-message.ts";

/** Registers what a search of memories finds, and in which order. */
export function memorySearchCases(service: () => MemoryService): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  const remember = async (...texts: readonly string[]) => {
    for (const text of texts) await service().addMemory(session, [textMessage(text)]);
  };
  const search = async (query: string, limit?: number) => {
    const items = await service().searchMemory({ agent: "agent", userId: "user" }, query, { limit });
    return items.map(({ message }) => textOf(message));
  };

  describe("a search", () => {
    it("finds words, whatever their case and what stands around them", async () => {
      await remember("My favourite colour is GREEN.", "I live in Köln!");
      expect(await search("green?")).toEqual(["My favourite colour is GREEN."]);
      expect(await search("KÖLN")).toEqual(["I live in Köln!"]);
      expect(await search("red")).toEqual([]);
    });

    it("finds Chinese, which has no spaces", async () => {
      await remember("我最喜欢的颜色是绿色。", "他住在北京。");
      expect(await search("颜色")).toEqual(["我最喜欢的颜色是绿色。"]);
      expect(await search("北京天气")).toEqual(["他住在北京。"]);
      expect(await search("住")).toEqual(["他住在北京。"]);
      expect(await search("上海")).toEqual([]);
    });

    it("puts what matches more words first, and the newer of equals", async () => {
      await remember("red apple", "green apple", "green apple pie", "green green green tea");
      expect(await search("green apple pie")).toEqual([
        "green apple pie",
        "green apple",
        "green green green tea",
        "red apple",
      ]);
    });

    it("looks into every text part of a message, of whatever type it is", async () => {
      const content = [
        { type: "text" as const, text: "first part" },
        { type: "image" as const, image_url: "https://example.com/picture.png" },
        { type: "text" as const, text: "second part" },
      ];
      await service().addMemory(session, [{ type: "reasoning", content }, { content: null }]);
      expect(await search("second")).toHaveLength(1);
      expect(await search("example")).toEqual([]);
    });

    it("gives as many as asked for, 10 by default and 0 if so told", async () => {
      await remember(...Array.from({ length: 12 }, (_, index) => `word ${index}`));
      expect(await search("word")).toHaveLength(10);
      expect(await search("word", 2)).toEqual(["word 11", "word 10"]);
      expect(await search("word", 1000)).toHaveLength(12);
      expect(await search("word", 0)).toEqual([]);
    });

    it.each([-1, 1.5, 1001, Number.NaN])("can't give %s", async (limit) => {
      await expect(search("word", limit)).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });

    it.each(["", "   ", "?!", "*", "%", '"', "。", "🦊"])(
      "without words finds nothing: %j",
      async (query) => {
        await remember(`word ${query} word`);
        expect(await search(query)).toEqual([]);
      },
    );

    it.each([
      '"green',
      "green*",
      "green'; drop table",
      "NOT green",
      "green AND",
      "(green",
      "-green",
      "a:green",
      "\0green",
    ])("takes %j for words", async (query) => {
      await remember("green tea");
      expect(await search(query)).toEqual(["green tea"]);
    });
  });
}
