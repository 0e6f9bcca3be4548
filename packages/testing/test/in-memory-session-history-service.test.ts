import { InMemorySessionHistoryService } from "@agentscope-runtime/core";
import { sessionHistoryServiceSuite } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";

sessionHistoryServiceSuite("InMemorySessionHistoryService", {
  create: () => new InMemorySessionHistoryService(),
});

it("reads the clock once for a session that is created", async () => {
  let time = 1000;
  const service = new InMemorySessionHistoryService({ now: () => time++ });
  const owner = { userId: "user" };
  await service.start();
  await service.createSession({ ...owner, sessionId: "created" });
  await service.appendMessages({ ...owner, sessionId: "appended" }, [{ content: [] }]);
  for (const { createdAt, updatedAt } of (await service.listSessions(owner)).items) {
    expect(updatedAt).toBe(createdAt);
  }
});

it("takes the time from the clock it is given", async () => {
  let time = 1000;
  const service = new InMemorySessionHistoryService({ now: () => time });
  const session = { userId: "user", sessionId: "session" };
  await service.start();
  await service.createSession(session);
  time = 2000;
  const changed = await service.updateSession(session, { name: "a" });
  expect(changed).toMatchObject({ createdAt: 1000, updatedAt: 2000 });
});
