import { RuntimeError } from "@agentscope-runtime/core";
import {
  RedisConnection,
  RedisMemoryService,
  RedisSessionHistoryService,
  RedisStateService,
} from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";
import { textMessage } from "./text-message.ts";

const server = await RedisServer.start();
const client = new Redis(server.url);
client.on("error", () => undefined);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const session = { agent: "agent", userId: "user", sessionId: "session" };
const unavailable = { code: "SERVICE_UNAVAILABLE", status: 503, retryAfter: 1 };
const errorOf = async (call: Promise<unknown>): Promise<RuntimeError> => {
  const error: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(RuntimeError.is(error), String(error)).toBe(true);
  return error as RuntimeError;
};
/** How many connections the server has beside the one that asks. */
const connections = async () => {
  const list = String(await client.client("LIST"));
  return list.trim().split("\n").length - 1;
};

describe("a Redis that is away", () => {
  let away: RedisServer;
  let state: RedisStateService;
  const printed = vi.spyOn(console, "error");
  beforeEach(async () => {
    away = await RedisServer.start();
    state = new RedisStateService({ url: away.url, connectTimeout: 300, commandTimeout: 300 });
    printed.mockClear();
  });
  afterEach(async () => {
    await state.stop();
    await away.stop();
    expect(printed).not.toHaveBeenCalled();
  });

  it("makes a start fail in time, and another one work when it is back", async () => {
    await away.kill();
    const error = await errorOf(state.start());
    expect(error).toMatchObject({ ...unavailable, cause: { code: "ECONNREFUSED" } });
    expect(await state.health()).toBe(false);
    await expect(state.exportState(session)).rejects.toMatchObject({ code: "SERVICE_NOT_STARTED" });
    await away.restart();
    await state.start();
    expect(await state.health()).toBe(true);
  });

  it("makes calls fail in time while it is dead, and none of them is made up for later", async () => {
    await state.start();
    await away.kill();
    const errors = await Promise.all(
      Array.from({ length: 50 }, () => errorOf(state.saveState(session, { late: true }))),
    );
    for (const error of errors) expect(error).toMatchObject(unavailable);
    for (const { cause } of errors) expect(cause).toBeInstanceOf(Error);
    expect(await state.health()).toBe(false);
    await away.restart();
    await vi.waitFor(async () => expect(await state.health()).toBe(true), { timeout: 5000 });
    expect(await state.exportState(session)).toBeUndefined();
  });

  it("makes calls fail in time while it hangs, and work when it goes on", async () => {
    await state.start();
    away.pause();
    expect(await errorOf(state.exportState(session))).toMatchObject(unavailable);
    expect(await state.health()).toBe(false);
    expect(await errorOf(state.exportState(session))).toMatchObject(unavailable);
    away.resume();
    await vi.waitFor(async () => expect(await state.health()).toBe(true), { timeout: 5000 });
    expect(await state.saveState(session, {})).toBe(1);
  });

  it("makes a start fail in time while it hangs", async () => {
    away.pause();
    expect(await errorOf(state.start())).toMatchObject(unavailable);
    away.resume();
    await state.start();
  });

  it("is waited for when it is only restarted", async () => {
    const patient = new RedisStateService({ url: away.url });
    await patient.start();
    await patient.saveState(session, { value: 1 });
    await away.kill();
    await vi.waitFor(async () => expect(await patient.health()).toBe(false));
    const waiting = patient.exportState(session);
    await away.restart();
    expect(await waiting).toEqual({ value: 1 });
    await patient.stop();
  });

  it("makes a call fail at once that was under way when it died, and does not carry it out later", async () => {
    const patient = new RedisStateService({ url: away.url });
    await patient.start();
    away.pause();
    const saving = errorOf(patient.saveState(session, { late: true }));
    await away.kill();
    expect(await saving).toMatchObject({ ...unavailable, cause: { name: "MaxRetriesPerRequestError" } });
    await away.restart();
    expect(await patient.exportState(session)).toBeUndefined();
    await patient.stop();
  });

  it("gets a new connection where nothing comes over the old one any more", async () => {
    await using proxy = await TcpProxy.to(away.port);
    const proxied = new RedisStateService({ url: proxy.url, commandTimeout: 300 });
    await proxied.start();
    proxy.silence();
    expect(await errorOf(proxied.exportState(session))).toMatchObject(unavailable);
    await vi.waitFor(async () => expect(await proxied.health()).toBe(true), { timeout: 5000 });
    expect(await proxied.saveState(session, {})).toBe(1);
    await proxied.stop();
  });

  it("does not keep a service from being stopped", async () => {
    await state.start();
    await away.kill();
    await state.stop();
    await expect(state.exportState(session)).rejects.toMatchObject({ code: "SERVICE_NOT_STARTED" });
  });
});

describe("a shared connection", () => {
  it("is one for all services, and open until the last of them stops", async () => {
    const before = await connections();
    const connection = new RedisConnection({ url: server.url });
    const state = new RedisStateService({ connection });
    const history = new RedisSessionHistoryService({ connection });
    const memory = new RedisMemoryService({ connection });
    await Promise.all([state.start(), history.start(), memory.start()]);
    expect(await connections()).toBe(before + 1);
    await Promise.all([state.stop(), state.stop(), memory.stop()]);
    await expect(state.exportState(session)).rejects.toMatchObject({ code: "SERVICE_NOT_STARTED" });
    expect(await state.health()).toBe(false);
    await history.appendMessages(session, [textMessage("still there")]);
    await history.stop();
    await vi.waitFor(async () => expect(await connections()).toBe(before));
  });

  it("is a service that may be started by itself", async () => {
    const connection = new RedisConnection({ url: server.url });
    const state = new RedisStateService({ connection });
    expect(await connection.health()).toBe(false);
    await connection.start();
    await connection.start();
    expect(await connection.health()).toBe(true);
    await state.start();
    await state.stop();
    expect(await connection.health()).toBe(true);
    await connection.stop();
    expect(await connection.health()).toBe(false);
  });

  it("is closed by a stop that comes while it is being opened", async () => {
    const before = await connections();
    const state = new RedisStateService({ url: server.url });
    await Promise.all([state.start(), state.stop()]);
    expect(await state.health()).toBe(false);
    await vi.waitFor(async () => expect(await connections()).toBe(before));
  });

  it("outlives the loss of the scripts that Redis has cached", async () => {
    const state = new RedisStateService({ url: server.url, prefix: "flushed" });
    await state.start();
    await state.saveState(session, { value: 1 });
    await client.script("FLUSH");
    expect(await state.saveState(session, { value: 2 })).toBe(2);
    await state.stop();
  });
});

describe("a client of one's own", () => {
  it("is used with the prefix it has, and left open and as it was", async () => {
    const own = new Redis(server.url, { keyPrefix: "mine:", lazyConnect: true });
    const services = [
      new RedisStateService({ client: own }),
      new RedisSessionHistoryService({ client: own }),
      new RedisMemoryService({ client: own }),
    ] as const;
    const listeners = () => own.eventNames().map((name) => [name, own.listenerCount(name)]);
    const before = listeners();
    const [state, history, memory] = services;
    for (const service of services) await service.start();
    await state.saveState(session, { value: 1 });
    await history.appendMessages(session, [textMessage("hello")]);
    await memory.addMemory(session, [textMessage("hello")]);
    expect(await state.exportState(session)).toEqual({ value: 1 });
    expect((await history.listSessions(session)).items).toHaveLength(1);
    expect(await memory.searchMemory(session, "hello")).toHaveLength(1);
    for (const service of services) await service.stop();
    expect(own.status).toBe("ready");
    expect(listeners()).toEqual(before);
    const keys = await client.keys("*agentscope:*");
    expect(keys.filter((key) => key.startsWith("mine:agentscope:")).length).toBeGreaterThan(10);
    own.disconnect();
  });

  it("is not left with calls that failed, for it would make up for them later", async () => {
    const own = new Redis(server.url, { retryStrategy: () => 600 });
    const state = new RedisStateService({ client: own, prefix: "own", commandTimeout: 200 });
    await state.start();
    await state.saveState(session, { value: 1 });
    own.disconnect(true);
    await vi.waitFor(() => expect(own.status).toBe("reconnecting"));
    expect(await errorOf(state.saveState(session, { value: 2 }))).toMatchObject(unavailable);
    await vi.waitFor(async () => expect(await state.health()).toBe(true), { timeout: 5000 });
    expect(await state.exportState(session)).toEqual({ value: 1 });
    await state.stop();
    own.disconnect();
  });

  it("that is closed makes calls fail at once", async () => {
    const own = new Redis(server.url);
    const state = new RedisStateService({ client: own });
    await state.start();
    own.disconnect();
    await vi.waitFor(() => expect(own.status).toBe("end"));
    expect(await errorOf(state.exportState(session))).toMatchObject(unavailable);
    await state.stop();
  });
});

describe("what Redis refuses", () => {
  it("is an error of the catalogue with Redis' own as its cause", async () => {
    const state = new RedisStateService({ url: server.url, prefix: "wrong" });
    await state.start();
    await client.set('wrong:state:rounds:["agent","user","session"]', "no hash");
    const error = await errorOf(state.saveState(session, {}));
    expect(error).toMatchObject({ code: "REDIS_ERROR", message: "Redis failed." });
    expect(String(error.cause)).toContain("WRONGTYPE");
    await state.stop();
  });

  it("for want of memory passes, and nothing is written by half", async () => {
    const full = await RedisServer.start({ args: ["--maxmemory-policy", "noeviction"] });
    const history = new RedisSessionHistoryService({ url: full.url });
    const admin = new Redis(full.url);
    await history.start();
    await history.appendMessages(session, [textMessage("before")]);
    await admin.config("SET", "maxmemory", "1");
    expect(await errorOf(history.appendMessages(session, [textMessage("a")]))).toMatchObject(unavailable);
    await admin.config("SET", "maxmemory", "0");
    expect((await history.getSession(session))?.messageCount).toBe(1);
    await history.appendMessages(session, [textMessage("after")]);
    expect((await history.getMessages(session)).items).toHaveLength(2);
    admin.disconnect();
    await history.stop();
    await full.stop();
  });

  it("for a wrong password does not show it", async () => {
    const locked = await RedisServer.start({ args: ["--requirepass", "right"] });
    const state = new RedisStateService({
      url: locked.url.replace("//", "//:wrong@"),
      connectTimeout: 300,
    });
    const error = await errorOf(state.start());
    expect(error).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(String(error.cause)).toContain("WRONGPASS");
    expect(error.message).not.toContain("wrong");
    await locked.stop();
  });
});

describe("prefixes", () => {
  const prefixes = [
    "",
    "a",
    "a:state",
    "*",
    "[a]",
    "{a}",
    '"',
    "\\",
    "\0",
    "\ud800",
    "\ud801",
    "é",
    'a:state:rounds:["x',
  ];

  it("keep services apart, whatever characters they hold", async () => {
    const connection = new RedisConnection({ url: server.url });
    const services = prefixes.map((prefix) => new RedisStateService({ connection, prefix }));
    for (const service of services) await service.start();
    await Promise.all(services.map((service, index) => service.saveState(session, { index })));
    const states = await Promise.all(services.map((service) => service.exportState(session)));
    expect(states).toEqual(prefixes.map((_, index) => ({ index })));
    for (const service of services) await service.stop();
  });
});

describe("options", () => {
  it.each<[string, ConstructorParameters<typeof RedisStateService>[0]]>([
    ["neither a url nor a client", {}],
    ["both a url and a client", { url: server.url, client }],
    ["both a url and a connection", { url: server.url, connection: new RedisConnection({ client }) }],
    ["a url of something else", { url: "http://user:secret@127.0.0.1" }],
    ["no url", { url: "127.0.0.1:6379" }],
    ["no time to connect", { url: server.url, connectTimeout: 0 }],
    ["no time for a command", { url: server.url, commandTimeout: Number.NaN }],
  ])("can't be %s", async (_name, options) => {
    const making = async () => new RedisStateService(options);
    const error = await errorOf(making());
    expect(error.code).toBe("CONFIGURATION_ERROR");
    expect(error.message).not.toContain("secret");
  });
});
