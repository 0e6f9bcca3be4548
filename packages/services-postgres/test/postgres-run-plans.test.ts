import { PostgresRunStore } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { newRun } from "@agentscope-runtime/testing";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PlanStep, stepsOf } from "./plan-step.ts";
import { createRun, endedRun, piece, readRun, statusEntry } from "./run-pieces.ts";

/** Every plan is told to the client, those of statements in functions too. */
const EXPLAIN = [
  "session_preload_libraries=auto_explain",
  "client_min_messages=log",
  "auto_explain.log_min_duration=0",
  "auto_explain.log_nested_statements=on",
  "auto_explain.log_analyze=on",
  "auto_explain.log_format=json",
];

let server: PostgresServer;
let pool: Pool;
let store: PostgresRunStore;
const steps: PlanStep[] = [];
const session = { agent: "agent", userId: "user", sessionId: "session" };

beforeAll(async () => {
  server = await PostgresServer.start({ settings: { fsync: "off" } });
  const connectionString = await server.createDatabase();
  // The statements of the store meet tables that are full, with plans that were made when they were all but empty.
  pool = new Pool({ connectionString, max: 2, options: EXPLAIN.map((setting) => `-c ${setting}`).join(" ") });
  // Its connections may be told that the server shuts down while they are being closed.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => {
    client.on("notice", ({ message = "" }) => {
      const plan = /^duration: .* plan:\n(.*)/s.exec(message)?.[1];
      if (plan !== undefined) steps.push(...stepsOf(JSON.parse(plan).Plan));
    });
  });
  store = new PostgresRunStore({ pool, schema: "runs", leaseTtl: 1000 });
  await store.start();
  for (let index = 0; index < 10; index++) await useAll(`warm up ${index}`);
  await endedRun(store, 5, { session });
  const client = await pool.connect();
  await client.query("set client_min_messages = warning; set search_path to runs");
  const columns =
    "agent, agent_session, id, key, request, input, status, created_at, completed_at, released_at, last_seq, owner, attempt";
  await client.query(`
    with model as (select * from runs order by number desc limit 1)
    insert into runs (digest, lane, agent_user, continues, ${columns})
      select sha256(n::text::bytea), -n, sha256((n / 100)::text::bytea), sha256(n::text::bytea), ${columns}
      from model, generate_series(1, 20000) as n;
    insert into run_segments (run, first, last, text)
      select 1000000000, n, n, 'text' from generate_series(1, 20000) as n;
    insert into run_lanes (digest) select sha256(n::text::bytea) from generate_series(1, 20000) as n;
    insert into run_owners select sha256(n::text::bytea), now_ms() from generate_series(1, 2000) as n`);
  client.release(true);
}, 60_000);
afterAll(async () => {
  await store?.stop();
  await pool?.end();
  await server?.stop();
}, 60_000);

/** Each call that is made for every run or every few seconds. */
async function useAll(sessionId: string): Promise<void> {
  const own = { ...session, sessionId };
  const { run, lease } = await createRun(store, {
    session: own,
    idempotency: { key: sessionId, fingerprint: "" },
  });
  const second = await createRun(store, { session: own, policy: "interrupt" });
  const answer = newRun({ session: own });
  await store.create({ ...answer, request: { ...answer.request, continues: sessionId } });
  await store.waitTurn(lease);
  await store.append(lease, [piece(1)]);
  await store.append(lease, []);
  await store.requestCancel(run.id, { reason: "a test" });
  await store.watchCancel(run.id, new AbortController().signal);
  await store.finish(lease, "canceled", [statusEntry(2, run.id, "canceled")]);
  await store.release(lease);
  await store.acquire(second.run.id, "another");
  await store.disown(await store.acquire(second.run.id, "another"));
  const unowned = await createRun(store, { session: { ...own, userId: "another" }, owner: undefined });
  await store.unclaimed({ agents: ["agent"], limit: 10 });
  await store.acquire(unowned.run.id, "another", { unclaimed: true });
  await store.renew("another");
  await store.recover("another", { agents: ["agent"], limit: 10 });
  await store.get(run.id);
  await readRun(store, second.run.id);
}

function expectIndexes(): void {
  const tables = steps.filter((step) => step["Relation Name"] !== undefined);
  expect(tables.length).toBeGreaterThan(0);
  expect(tables.filter((step) => step["Node Type"] === "Seq Scan")).toEqual([]);
  // Nothing reads more than it needs, whatever there is.
  for (const step of tables) {
    expect(step["Actual Rows"] * step["Actual Loops"], JSON.stringify(step)).toBeLessThanOrEqual(100);
  }
}

describe("among 20,000 runs", () => {
  it("every call for a run, and the look-out for those of the dead, goes by indexes", async () => {
    steps.length = 0;
    await useAll("measured");
    expectIndexes();
  });

  it("what dead owners leave behind is found by indexes", async () => {
    await createRun(store, { owner: "dead" });
    const client = await pool.connect();
    await client.query(
      "update runs.run_owners set heard_at = 0 where heard_at = (select max(heard_at) from runs.run_owners)",
    );
    client.release();
    steps.length = 0;
    expect(await store.recover("heir", { agents: ["agent"], limit: 10 })).not.toEqual([]);
    expectIndexes();
  });

  it.each([
    ["an agent", {}],
    ["a user", { userId: "user" }],
    ["a session of anybody", { sessionId: "session" }],
    ["a session", { userId: "user", sessionId: "session" }],
    ["a status", { status: "canceled" as const }],
    ["a status that none has", { status: "rejected" as const }],
  ])("a page of the runs of %s is read by an index, and few rows more", async (_name, options) => {
    steps.length = 0;
    const { items } = await store.list({ agent: "agent", ...options, limit: 5 });
    expect(items.length).toBeLessThanOrEqual(5);
    expectIndexes();
  });

  it("and among as many that have ended, a sweep finds what is due by indexes", async () => {
    const client = await pool.connect();
    steps.length = 0;
    await client.query("select runs.sweep_runs(86400000, null, 86400000, 86400000, 100)");
    await client.query("select runs.claim_compactions(86400000, 1000, 10)");
    client.release();
    expectIndexes();
  });

  it("the end of a long log is read by an index, and no row more", async () => {
    const id = await endedRun(store, 1500);
    steps.length = 0;
    for await (const batch of store.read(id, { after: 1490 })) expect(batch).toHaveLength(11);
    expectIndexes();
    expect(steps.find((step) => step["Relation Name"] === "run_segments")).toMatchObject({
      "Actual Rows": 11,
    });
  });
});
