import { RedisSessionHistoryService } from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { sessionHistoryServiceSuite } from "@agentscope-runtime/testing";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { commandCounts } from "./command-counts.ts";
import { Keyspace } from "./keyspace.ts";
import { textMessage, textOf } from "./text-message.ts";

const server = await RedisServer.start();
const client = new Redis(server.url);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const keyspace = new Keyspace((prefix) => new RedisSessionHistoryService({ url: server.url, prefix }));

sessionHistoryServiceSuite("RedisSessionHistoryService", {
  create: () => keyspace.create(),
  durable: { reopen: (service) => keyspace.reopen(service as RedisSessionHistoryService) },
});

const owner = { agent: "agent", userId: "user" };
const session = { ...owner, sessionId: "session" };
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => textMessage(`${from + index}`, `${from + index}`));

describe("a session of 10,000 messages", () => {
  const service = keyspace.create();
  beforeAll(async () => {
    await service.start();
    await service.appendMessages(session, numbered(0, 10_000));
    return () => service.stop();
  });

  it("is read from its end without reading the rest", async () => {
    let texts: string[] = [];
    const counts = await commandCounts(client, async () => {
      const { items } = await service.getMessages(session, { limit: 20, order: "desc" });
      texts = items.map(textOf);
    });
    expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => `${9_999 - index}`));
    expect(counts).toMatchObject({ zrange: 1, hget: 21 });
  });

  it("is gone on with from its middle without reading the rest", async () => {
    const { nextCursor } = await service.getMessages(session, { limit: 1000 });
    const counts = await commandCounts(client, async () => {
      const { items } = await service.getMessages(session, { limit: 3, cursor: nextCursor });
      expect(items.map(textOf)).toEqual(["1000", "1001", "1002"]);
    });
    expect(counts).toMatchObject({ zrange: 1, hget: 4 });
  });

  it("takes one more message with the commands that the second message of a session takes", async () => {
    const small = { ...owner, sessionId: "small" };
    await service.appendMessages(small, numbered(0, 1));
    const second = await commandCounts(client, () => service.appendMessages(small, numbered(1, 2)));
    const last = await commandCounts(client, () => service.appendMessages(session, numbered(10_000, 10_001)));
    expect(last).toEqual(second);
    expect(last).not.toHaveProperty("hget");
  });
});

describe("two RedisSessionHistoryServices over the same data", () => {
  const one = keyspace.create();
  const other = keyspace.reopen(one);
  beforeAll(async () => {
    await Promise.all([one.start(), other.start()]);
    return async () => {
      await Promise.all([one.stop(), other.stop()]);
    };
  });

  it("lose and double nothing that 50 writers append at once", async () => {
    const writers = Array.from({ length: 50 }, (_, writer) => writer);
    await Promise.all(
      writers.map((writer) => {
        const messages = [textMessage(`own ${writer}`), textMessage("shared", "shared")];
        return (writer % 2 === 0 ? one : other).appendMessages(session, messages);
      }),
    );
    const { items } = await one.getMessages(session, { limit: 1000 });
    const expected = ["shared", ...writers.map((writer) => `own ${writer}`)];
    expect(items.map(textOf).toSorted()).toEqual(expected.toSorted());
    expect((await other.getSession(session))?.messageCount).toBe(51);
  });

  it("don't let a run that was superseded bring back what its successor has deleted", async () => {
    const key = { ...owner, sessionId: "deleted" };
    await one.appendMessages({ ...key, fence: 1 }, [textMessage("old")]);
    await other.getMessages({ ...key, fence: 2 });
    await other.deleteSession({ ...key, fence: 2 });
    const refusal = { code: "FENCED" };
    await expect(one.appendMessages({ ...key, fence: 1 }, [textMessage("late")])).rejects.toMatchObject(
      refusal,
    );
    await expect(one.createSession({ ...key, fence: 1 })).rejects.toMatchObject(refusal);
    expect(await one.getSession(key)).toBeUndefined();
  });
});

it("leaves of a deleted session its fence only", async () => {
  const service = new RedisSessionHistoryService({ url: server.url, prefix: "deleting" });
  await service.start();
  await service.createSession({ ...session, fence: 1 }, { name: "gone" });
  await service.appendMessages(session, numbered(0, 3));
  await service.deleteSession(session);
  const keys = await client.keys("deleting:*");
  expect(keys.toSorted()).toEqual(['deleting:fence:["agent","user","session"]', "deleting:history:clock"]);
  await service.stop();
});

it("goes on in order though the clock of Redis is put back", async () => {
  const service = new RedisSessionHistoryService({ url: server.url, prefix: "put back" });
  await service.start();
  const future = Date.now() + 3_600_000;
  await client.set("put back:history:clock", `${future * 1000}`);
  await service.appendMessages(session, numbered(0, 2));
  await service.createSession({ ...owner, sessionId: "later" });
  await service.appendMessages(session, numbered(2, 4));
  const { items } = await service.getMessages(session);
  expect(items.map(textOf)).toEqual(["0", "1", "2", "3"]);
  expect((await service.getSession(session))?.updatedAt).toBeGreaterThanOrEqual(future);
  const listed = await service.listSessions(owner);
  expect(listed.items.map(({ sessionId }) => sessionId)).toEqual(["session", "later"]);
  await service.stop();
});

it("drops sessions that are idle longer than it was told to, from the list too", async () => {
  const service = new RedisSessionHistoryService({ url: server.url, prefix: "idle", sessionTtl: 400 });
  await service.start();
  const busy = { ...owner, sessionId: "busy" };
  await service.appendMessages({ ...session, fence: 1 }, numbered(0, 2));
  await service.appendMessages(busy, numbered(0, 1));
  expect((await service.listSessions(owner)).items).toHaveLength(2);
  await vi.waitFor(async () => {
    await service.updateSession(busy, { name: "busy" });
    expect(await service.getSession(session)).toBeUndefined();
  });
  expect((await service.listSessions(owner)).items).toMatchObject([{ ...busy, messageCount: 1 }]);
  expect(await client.zcard('idle:history:sessions:["agent","user"]')).toBe(1);
  expect((await service.getMessages(session)).items).toEqual([]);
  await vi.waitFor(async () => expect(await client.keys("idle:*")).toEqual(["idle:history:clock"]));
  await service.stop();
});
