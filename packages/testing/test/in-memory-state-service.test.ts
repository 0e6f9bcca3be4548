import { InMemoryStateService } from "@agentscope-runtime/core";
import { stateServiceSuite } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";

stateServiceSuite("InMemoryStateService", { create: (options) => new InMemoryStateService(options) });

it("says by name what has to be started", async () => {
  const service = new InMemoryStateService();
  await expect(service.exportState({ userId: "user", sessionId: "session" })).rejects.toThrow(
    "InMemoryStateService is not started: call start() first.",
  );
});

it("loses everything on stop", async () => {
  const service = new InMemoryStateService();
  const session = { userId: "user", sessionId: "session" };
  await service.start();
  await service.saveState({ ...session, fence: 2 }, {});
  await service.stop();
  await service.start();
  expect(await service.exportState(session)).toBeUndefined();
  expect(await service.saveState({ ...session, fence: 1 }, {})).toBe(1);
});

it.each([0, -1, 1.5, Number.NaN])("can't keep %s rounds", (keepRounds) => {
  expect(() => new InMemoryStateService({ keepRounds })).toThrow("keepRounds");
});
