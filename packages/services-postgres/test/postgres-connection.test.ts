import { RuntimeError } from "@agentscope-runtime/core";
import {
  PostgresConnection,
  PostgresMemoryService,
  PostgresSessionHistoryService,
  PostgresStateService,
} from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let server: PostgresServer;
let url: string;
beforeAll(async () => {
  server = await PostgresServer.start();
  url = await server.createDatabase();
}, 60_000);
afterAll(() => server?.stop());

let count = 0;
const newSchema = () => `schema ${++count}`;
const session = { userId: "user", sessionId: "session" };

describe("the schema", () => {
  it.each([
    'a"b',
    'x"; drop schema public cascade; --',
    "a.b",
    "Upper",
    "a$$b",
    "'",
    "\\",
    "🦊",
    " ",
    "x".repeat(63),
  ])("may be named %j", async (schema) => {
    const service = new PostgresStateService({ url, schema });
    await service.start();
    await service.saveState({ ...session, fence: 2 }, { schema });
    expect(await service.exportState(session)).toEqual({ schema });
    await expect(service.saveState({ ...session, fence: 1 }, {})).rejects.toMatchObject({ code: "FENCED" });
    await service.stop();
    const names = await select("select nspname from pg_namespace where nspname = any ($1)", [
      [schema, "public"],
    ]);
    expect(names).toHaveLength(2);
  });

  it.each(["", "\0", "\ud800", "x".repeat(64), "é".repeat(32)])("can't be named %j", (schema) => {
    expect(() => new PostgresConnection({ url, schema })).toThrow("The schema's name");
  });

  it("keeps its data apart from that of another", async () => {
    const [one, other] = [newSchema(), newSchema()].map(
      (schema) => new PostgresStateService({ url, schema }),
    );
    await Promise.all([one?.start(), other?.start()]);
    await one?.saveState(session, {});
    expect(await other?.exportState(session)).toBeUndefined();
    await Promise.all([one?.stop(), other?.stop()]);
  });

  it("is set up once by many that start at the same time", async () => {
    const schema = newSchema();
    const services = Array.from({ length: 8 }, () => new PostgresStateService({ url, schema, poolSize: 2 }));
    await Promise.all(services.map((service) => service.start()));
    await Promise.all(services.map((service) => service.saveState(session, {})));
    const versions = await select(`select version from "${schema}".migrations order by version`);
    expect(versions).toEqual(versions.map((_, index) => ({ version: index + 1 })));
    expect(versions.length).toBeGreaterThan(0);
    await Promise.all(services.map((service) => service.stop()));
  });

  it("is left alone by a version that does not know it", async () => {
    const schema = newSchema();
    const service = new PostgresStateService({ url, schema });
    await service.start();
    await service.stop();
    await select(`insert into "${schema}".migrations (version) values (1000)`);
    const refusal = { code: "CONFIGURATION_ERROR", message: expect.stringContaining("upgrade") };
    await expect(service.start()).rejects.toMatchObject(refusal);
    expect(await service.health()).toBe(false);
  });

  it("can be used by who may not create one, once it is there", async () => {
    const schema = newSchema();
    const owner = new PostgresStateService({ url, schema });
    await owner.start();
    await owner.stop();
    await select("create role modest login password 'modest'");
    await select(`grant usage on schema "${schema}" to modest`);
    await select(`grant select, insert, update, delete on all tables in schema "${schema}" to modest`);
    await select(`grant usage on all sequences in schema "${schema}" to modest`);
    const modest = Object.assign(new URL(url), { username: "modest", password: "modest" }).href;
    const service = new PostgresStateService({ url: modest, schema });
    await service.start();
    expect(await service.saveState(session, {})).toBe(1);
    await service.stop();
    const refused = new PostgresStateService({ url: modest, schema: newSchema() });
    await expect(refused.start()).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
  });

  it("needs a database that can hold every text", async () => {
    await select("create database ascii encoding 'SQL_ASCII' template template0");
    const ascii = Object.assign(new URL(url), { pathname: "ascii" }).href;
    const refusal = { code: "CONFIGURATION_ERROR", message: expect.stringContaining("UTF8") };
    await expect(new PostgresStateService({ url: ascii }).start()).rejects.toMatchObject(refusal);
  });
});

describe("a connection", () => {
  it("is shared, and closed after the last service that uses it", async () => {
    const schema = newSchema();
    const connection = new PostgresConnection({ url: `${url}?application_name=shared`, schema });
    const state = new PostgresStateService({ connection });
    const history = new PostgresSessionHistoryService({ connection });
    const memory = new PostgresMemoryService({ connection });
    expect(await connection.health()).toBe(false);
    await Promise.all([state.start(), history.start(), memory.start(), connection.start()]);
    await Promise.all([state.saveState(session, {}), history.createSession(session)]);
    await Promise.all([state.stop(), state.stop(), memory.stop(), connection.stop()]);
    expect([await state.health(), await history.health(), await connection.health()]).toEqual([
      false,
      true,
      false,
    ]);
    await expect(state.exportState(session)).rejects.toMatchObject({ code: "SERVICE_NOT_STARTED" });
    expect(await history.getSession(session)).toMatchObject(session);
    await history.stop();
    await expect.poll(() => connectionsNamed("shared")).toBe(0);
    await state.start();
    expect(await state.exportState(session)).toEqual({});
    await state.stop();
  });

  it("is closed after the calls that are under way", async () => {
    const schema = newSchema();
    const service = new PostgresStateService({ url, schema, poolSize: 2, keepRounds: 50 });
    await service.start();
    const saves = Array.from({ length: 50 }, () => service.saveState(session, {}));
    await service.stop();
    expect(new Set(await Promise.all(saves)).size).toBe(50);
  });

  it("can be started and stopped while it starts", async () => {
    const service = new PostgresStateService({ url: `${url}?application_name=hasty`, schema: newSchema() });
    const starting = service.start();
    await service.stop();
    await starting;
    expect(await service.health()).toBe(false);
    await service.start();
    expect(await service.saveState(session, {})).toBe(1);
    await service.stop();
    await expect.poll(() => connectionsNamed("hasty")).toBe(0);
  });

  it("takes a pool of the caller's, leaves it open, and as it was", async () => {
    const pool = new Pool({ connectionString: url, max: 1 });
    const service = new PostgresStateService({ pool, schema: newSchema() });
    await service.start();
    await Promise.all(Array.from({ length: 5 }, () => service.saveState(session, {})));
    await service.stop();
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    expect(pool.listenerCount("error")).toBe(0);
    await pool.end();
  });

  it.each([
    ["a wrong password", () => Object.assign(new URL(url), { password: "wrong" }).href],
    ["an unknown database", () => Object.assign(new URL(url), { pathname: "unknown" }).href],
  ])("is not made with %s, and the error tells no secret", async (_name, wrongUrl) => {
    const error = await new PostgresStateService({ url: wrongUrl() })
      .start()
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "CONFIGURATION_ERROR", cause: expect.any(Error) });
    expect(`${error}`).not.toContain(new URL(url).password);
  });

  it.each([
    { url: "http://127.0.0.1" },
    { url: "" },
    { poolSize: 0 },
    { connectTimeout: -1 },
    { statementTimeout: 0.5 },
  ])("can't be configured with %j", (options) => {
    expect(() => new PostgresConnection({ url, ...options })).toThrow(RuntimeError);
  });
});

async function connectionsNamed(name: string): Promise<number> {
  const rows = await select("select pid from pg_stat_activity where application_name = $1", [name]);
  return rows.length;
}

async function select(text: string, values: unknown[] = []): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
