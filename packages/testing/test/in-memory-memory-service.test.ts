import { InMemoryMemoryService } from "@agentscope-runtime/core";
import { memoryServiceSuite } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";

memoryServiceSuite("InMemoryMemoryService", { create: () => new InMemoryMemoryService() });

it.each([
  ["the case of letters with none of their own", "STRASSE", "straße"],
  ["the width of letters", "ＷＩＤＥ", "wide"],
  ["Japanese", "東京タワーに行きました", "タワー"],
  ["Korean", "한국어를 배웁니다", "한국어"],
  ["Thai", "ฉันชอบแมว", "แมว"],
  ["scripts side by side", "用DashScope模型", "dashscope"],
  ["a number in a text without spaces", "第3章", "3"],
])("finds %s", async (_name, text, query) => {
  const service = new InMemoryMemoryService();
  await service.start();
  await service.addMemory({ userId: "user", sessionId: "session" }, [{ content: [{ type: "text", text }] }]);
  expect(await service.searchMemory({ userId: "user" }, query)).toHaveLength(1);
});
