import { RedisStateService } from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { stateServiceSuite } from "@agentscope-runtime/testing";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Keyspace } from "./keyspace.ts";

const server = await RedisServer.start();
const client = new Redis(server.url);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const keyspace = new Keyspace(
  (prefix, options?: { readonly keepRounds?: number | undefined }) =>
    new RedisStateService({ url: server.url, prefix, ...options }),
);

stateServiceSuite("RedisStateService", {
  create: (options) => keyspace.create(options),
  durable: { reopen: (service) => keyspace.reopen(service as RedisStateService) },
});

const session = { agent: "agent", userId: "user", sessionId: "session" };

describe("two RedisStateServices over the same data", () => {
  let one: RedisStateService;
  let other: RedisStateService;
  beforeAll(async () => {
    one = keyspace.create({ keepRounds: 100 });
    other = keyspace.reopen(one, { keepRounds: 100 });
    await Promise.all([one.start(), other.start()]);
    return async () => {
      await Promise.all([one.stop(), other.stop()]);
    };
  });

  it("never share a round, however many save at once", async () => {
    const writers = Array.from({ length: 50 }, (_, writer) => writer);
    const key = { ...session, sessionId: "parallel" };
    const rounds = await Promise.all(
      writers.map((writer) => (writer % 2 === 0 ? one : other).saveState(key, { writer })),
    );
    expect(rounds.toSorted((a, b) => a - b)).toEqual(writers.map((writer) => writer + 1));
    const saved = await Promise.all(rounds.map((roundId) => one.exportState(key, { roundId })));
    expect(saved).toEqual(writers.map((writer) => ({ writer })));
  });

  it("know each other's fences, also after the state was deleted", async () => {
    await one.saveState({ ...session, fence: 1 }, { by: "one" });
    await other.exportState({ ...session, fence: 2 });
    await expect(one.saveState({ ...session, fence: 1 }, {})).rejects.toMatchObject({ code: "FENCED" });
    await other.deleteState({ ...session, fence: 2 });
    await expect(one.saveState({ ...session, fence: 1 }, {})).rejects.toMatchObject({ code: "FENCED" });
    expect(await one.exportState(session)).toBeUndefined();
  });
});

it("keeps what it has saved when Redis is killed, and finds it by itself when Redis is back", async () => {
  const own = await RedisServer.start();
  const service = new RedisStateService({ url: own.url });
  await service.start();
  await service.saveState({ ...session, fence: 3 }, { value: 1 });
  await own.kill();
  await own.restart();
  expect(await service.exportState(session)).toEqual({ value: 1 });
  expect(await service.saveState(session, { value: 2 })).toBe(2);
  await expect(service.saveState({ ...session, fence: 2 }, {})).rejects.toMatchObject({ code: "FENCED" });
  await service.stop();
  await own.stop();
});

it("keeps a state for ever, or as long as it was told to", async () => {
  const lasting = new RedisStateService({ url: server.url, prefix: "lasting" });
  const passing = new RedisStateService({ url: server.url, prefix: "passing", sessionTtl: 300 });
  await Promise.all([lasting.start(), passing.start()]);
  await lasting.saveState({ ...session, fence: 1 }, { kept: true });
  await passing.saveState({ ...session, fence: 1 }, { kept: false });
  expect(await passing.exportState(session)).toEqual({ kept: false });
  await vi.waitFor(async () => expect(await client.keys("passing:*")).toEqual([]));
  expect(await passing.exportState(session)).toBeUndefined();
  expect(await lasting.exportState(session)).toEqual({ kept: true });
  for (const key of await client.keys("lasting:*")) expect(await client.pttl(key)).toBe(-1);
  await Promise.all([lasting.stop(), passing.stop()]);
});

it("writes nothing when a fence is read that is known already", async () => {
  const service = keyspace.create();
  await service.start();
  await service.saveState({ ...session, fence: 1 }, {});
  const before = await client.info("persistence");
  const changes = (text: string) => /rdb_changes_since_last_save:(\d+)/.exec(text)?.[1];
  await service.exportState({ ...session, fence: 1 });
  expect(changes(await client.info("persistence"))).toBe(changes(before));
  await service.stop();
});

it.each([0, -1, 1.5, Number.NaN])("can't keep %s rounds", (keepRounds) => {
  expect(() => keyspace.create({ keepRounds })).toThrow("keepRounds");
});

it.each([0, -1, 1.5, Number.NaN])("can't keep a session for %s ms", (sessionTtl) => {
  expect(() => new RedisStateService({ url: server.url, sessionTtl })).toThrow("sessionTtl");
});
