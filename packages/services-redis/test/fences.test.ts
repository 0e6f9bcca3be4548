import {
  RedisMemoryService,
  RedisSessionHistoryService,
  RedisStateService,
} from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { Redis } from "ioredis";
import { afterAll, beforeEach, expect, it } from "vitest";

const server = await RedisServer.start();
const client = new Redis(server.url);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});
beforeEach(() => client.flushall());

const session = { agent: "agent", userId: "user", sessionId: "session" };
const fenceKey = 'agentscope:fence:["agent","user","session"]';

it("holds for all services of one prefix: who was superseded anywhere writes nowhere", async () => {
  const state = new RedisStateService({ url: server.url });
  const history = new RedisSessionHistoryService({ url: server.url });
  const memory = new RedisMemoryService({ url: server.url });
  for (const service of [state, history, memory]) await service.start();
  await history.getMessages({ ...session, fence: 2 });
  const refusal = { code: "FENCED" };
  await expect(state.saveState({ ...session, fence: 1 }, {})).rejects.toMatchObject(refusal);
  await expect(memory.addMemory({ ...session, fence: 1 }, [])).rejects.toMatchObject(refusal);
  await state.saveState({ ...session, fence: 2 }, {});
  for (const service of [state, history, memory]) await service.stop();
});

it("is kept as long as the service wants that keeps sessions longest, whichever is used last", async () => {
  const services = [1_000_000, 2_000_000, undefined].map(
    (sessionTtl) => new RedisStateService({ url: server.url, sessionTtl }),
  );
  const [brief, long, lasting] = services as [RedisStateService, RedisStateService, RedisStateService];
  for (const service of services) await service.start();
  const useOf = async (service: RedisStateService) => {
    await service.exportState({ ...session, fence: 1 });
    return client.pttl(fenceKey);
  };
  expect(await useOf(brief)).toBeGreaterThan(900_000);
  expect(await useOf(long)).toBeGreaterThan(1_900_000);
  expect(await useOf(brief)).toBeGreaterThan(1_900_000);
  expect(await useOf(lasting)).toBe(-1);
  expect(await useOf(long)).toBe(-1);
  await brief.exportState({ ...session, fence: 2 });
  expect(await client.pttl(fenceKey)).toBe(-1);
  expect(await client.get(fenceKey)).toBe("2");
  for (const service of services) await service.stop();
});
