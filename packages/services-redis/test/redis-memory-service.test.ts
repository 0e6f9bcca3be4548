import { RedisMemoryService } from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { memoryServiceSuite } from "@agentscope-runtime/testing";
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

const keyspace = new Keyspace((prefix) => new RedisMemoryService({ url: server.url, prefix }));

memoryServiceSuite("RedisMemoryService", {
  create: () => keyspace.create(),
  durable: { reopen: (service) => keyspace.reopen(service as RedisMemoryService) },
});

const owner = { agent: "agent", userId: "user" };
const session = { ...owner, sessionId: "session" };

describe("250 memories of one session and one of another", () => {
  const service = new RedisMemoryService({ url: server.url, prefix: "many" });
  beforeAll(async () => {
    await service.start();
    const messages = Array.from({ length: 250 }, (_, index) => textMessage(`every word ${index}`));
    await service.addMemory(session, messages);
    await service.addMemory({ ...owner, sessionId: "another" }, [textMessage("every other")]);
    return () => service.stop();
  });
  const search = async (query: string, sessionId?: string) => {
    const items = await service.searchMemory({ ...owner, sessionId }, query);
    return items.map(({ message }) => textOf(message));
  };

  it("are searched without reading those that don't match or don't fit on the page", async () => {
    const counts = await commandCounts(client, async () => {
      expect(await search("77")).toEqual(["every word 77"]);
    });
    expect(counts).toMatchObject({ zrange: 1, hget: 1 });
    expect(await commandCounts(client, () => search("word"))).toMatchObject({ zrange: 1, hget: 10 });
  });

  it("are searched in one session only", async () => {
    expect(await search("every", "another")).toEqual(["every other"]);
    expect(await search("word", "another")).toEqual([]);
    expect((await search("other every", "session"))[0]).toBe("every word 249");
  });

  it("are forgotten without a trace, in the index neither", async () => {
    await service.deleteMemory(session);
    expect(await search("every")).toEqual(["every other"]);
    expect(await client.zrange('many:memory:terms:["agent","user"]', "0", "-1")).toHaveLength(2);
    await service.deleteMemory(owner);
    expect(await client.keys("many:*")).toEqual(["many:memory:clock"]);
  });
});

describe("two RedisMemoryServices over the same data", () => {
  const one = keyspace.create();
  const other = keyspace.reopen(one);
  beforeAll(async () => {
    await Promise.all([one.start(), other.start()]);
    return async () => {
      await Promise.all([one.stop(), other.stop()]);
    };
  });

  it("remember what 50 writers add at once, each message once", async () => {
    const writers = Array.from({ length: 50 }, (_, writer) => writer);
    const add = (writer: number) => {
      const messages = [textMessage(`own ${writer}`), textMessage("shared", "shared")];
      return (writer % 2 === 0 ? one : other).addMemory(session, messages);
    };
    await Promise.all(writers.map(add));
    const texts = (await one.listMemory(owner)).items.map(({ message }) => textOf(message));
    const expected = ["shared", ...writers.map((writer) => `own ${writer}`)];
    expect(texts.toSorted()).toEqual(expected.toSorted());
    expect(await other.searchMemory(owner, "shared")).toHaveLength(1);
  });

  it("may both be told to forget a session while messages are added to it", async () => {
    const key = { ...owner, sessionId: "forgotten" };
    const messages = Array.from({ length: 120 }, (_, index) => textMessage("gone", `${index}`));
    await one.addMemory(key, messages);
    await Promise.all([one.deleteMemory(key), other.deleteMemory(key), one.addMemory(key, messages)]);
    await one.addMemory(key, messages);
    const { items } = await one.listMemory(key, { limit: 1000 });
    expect(items.map(({ message }) => message.id).toSorted()).toEqual(
      messages.map(({ id }) => id).toSorted(),
    );
    expect(await other.searchMemory(key, "gone", { limit: 1000 })).toHaveLength(120);
  });
});

it("does not take what was added once more for what it is about to forget", async () => {
  const service = new RedisMemoryService({ url: server.url, prefix: "again" });
  const calls: (() => void)[] = [];
  const slow = new RedisMemoryService({
    prefix: "again",
    client: {
      status: "ready",
      connect: () => client.connect(),
      call: async (command, args) => {
        await new Promise<void>((resolve) => calls.push(resolve));
        return client.call(command, args);
      },
      on: () => undefined,
      off: () => undefined,
    },
  });
  await Promise.all([service.start(), slow.start()]);
  // Once for Redis to know the scripts, so that each is one call.
  await service.addMemory(session, [textMessage("zeroth", "1")]);
  await service.deleteMemory(session);
  await service.addMemory(session, [textMessage("first", "1")]);
  const forgetting = slow.deleteMemory(session);
  const nextCall = () => vi.waitFor(() => expect(calls).toHaveLength(1)).then(() => calls.pop());
  (await nextCall())?.();
  const goOn = await nextCall();
  await service.deleteMemory(session);
  await service.addMemory(session, [textMessage("second", "1")]);
  goOn?.();
  await forgetting;
  await service.addMemory(session, [textMessage("third", "1")]);
  expect((await service.listMemory(session)).items.map(({ message }) => textOf(message))).toEqual(["second"]);
  await Promise.all([service.stop(), slow.stop()]);
});

it("finds words however long they are, and tells them apart", async () => {
  const service = keyspace.create();
  await service.start();
  const word = "x".repeat(100_000);
  await service.addMemory(session, [textMessage(`${word}a`), textMessage(`${word}b`)]);
  const found = await service.searchMemory(owner, `${word}B`);
  expect(found.map(({ message }) => textOf(message))).toEqual([`${word}b`]);
  await service.stop();
});
