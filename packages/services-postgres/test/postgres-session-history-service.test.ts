import { PostgresSessionHistoryService } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { sessionHistoryServiceSuite } from "@agentscope-runtime/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RecordingPool } from "./recording-pool.ts";
import { textMessage, textOf } from "./text-message.ts";

let server: PostgresServer;
let url: string;
beforeAll(async () => {
  server = await PostgresServer.start();
  url = await server.createDatabase();
}, 60_000);
afterAll(() => server?.stop());

let count = 0;
const newSchema = () => `schema ${++count}`;
const schemas = new WeakMap<object, string>();
function open(options: { schema: string }): PostgresSessionHistoryService {
  const service = new PostgresSessionHistoryService({ url, ...options });
  schemas.set(service, options.schema);
  return service;
}

sessionHistoryServiceSuite("PostgresSessionHistoryService", {
  create: () => open({ schema: newSchema() }),
  durable: { reopen: (service) => open({ schema: schemas.get(service) ?? "" }) },
});

const session = { agent: "agent", userId: "user", sessionId: "session" };

describe("two services over the same schema", () => {
  let services: readonly [PostgresSessionHistoryService, PostgresSessionHistoryService];
  beforeEach(async () => {
    const schema = newSchema();
    services = [open({ schema }), open({ schema })];
    await Promise.all(services.map((service) => service.start()));
  });
  afterEach(async () => {
    await Promise.all(services.map((service) => service.stop()));
  });

  it("keep what 50 parallel writers append, each message once", async () => {
    const shared = textMessage("shared", { id: "shared" });
    const texts = Array.from({ length: 50 }, (_, writer) => `writer ${writer}`);
    const append = (text: string, writer: number) =>
      services[writer % 2]?.appendMessages(session, [textMessage(text), shared]);
    await Promise.all(texts.map(append));
    const { items } = await services[0].getMessages(session);
    expect(items.map(textOf).toSorted()).toEqual(["shared", ...texts].toSorted());
    expect((await services[1].getSession(session))?.messageCount).toBe(51);
  });

  it("let nothing of a superseded run stay behind a deletion that it raced with", async () => {
    const [older, newer] = services;
    for (let attempt = 0; attempt < 40; attempt++) {
      const handle = { ...session, sessionId: `${attempt}` };
      const appending = older.appendMessages({ ...handle, fence: 1 }, [textMessage("late")]);
      await Promise.all([
        appending.catch((error: unknown) => expect(error).toMatchObject({ code: "FENCED" })),
        newer.deleteSession({ ...handle, fence: 2 }),
      ]);
      expect(await newer.getSession(handle)).toBeUndefined();
      expect(await newer.getMessages(handle)).toEqual({ items: [] });
    }
  });

  it("show a run all that the one before it could still write", async () => {
    const [older, newer] = services;
    for (let attempt = 0; attempt < 40; attempt++) {
      const handle = { ...session, sessionId: `${attempt}` };
      const appending = older.appendMessages({ ...handle, fence: 1 }, [textMessage("late")]);
      const [read] = await Promise.all([
        newer.getMessages({ ...handle, fence: 2 }),
        appending.catch((error: unknown) => expect(error).toMatchObject({ code: "FENCED" })),
      ]);
      expect(await newer.getMessages(handle)).toEqual(read);
    }
  });

  it("never pass over a message that another appends while its pages are followed", async () => {
    const [reader, writer] = services;
    const writing = Promise.all(
      Array.from({ length: 60 }, (_, index) => writer.appendMessages(session, [textMessage(`${index}`)])),
    );
    const found: (string | undefined)[] = [];
    let cursor: string | undefined;
    let isWritten = false;
    void writing.then(() => {
      isWritten = true;
    });
    for (;;) {
      const wasWritten = isWritten;
      const page = await reader.getMessages(session, { limit: 2, cursor });
      // A cursor stands behind a full page only, so what comes after is asked for again.
      if (page.nextCursor !== undefined) {
        found.push(...page.items.map(textOf));
        cursor = page.nextCursor;
      } else if (wasWritten) {
        found.push(...page.items.map(textOf));
        break;
      }
    }
    await writing;
    expect(found.toSorted()).toEqual(Array.from({ length: 60 }, (_, index) => `${index}`).toSorted());
  });
});

describe("a session of 10,000 messages", () => {
  let pool: RecordingPool;
  let service: PostgresSessionHistoryService;
  const ids = Array.from({ length: 10_000 }, (_, index) => `${index}`);
  beforeAll(async () => {
    pool = new RecordingPool(url);
    service = new PostgresSessionHistoryService({ pool, schema: newSchema() });
    await service.start();
    await service.appendMessages(
      session,
      ids.map((id) => textMessage(id, { id })),
    );
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await pool.end();
  });

  it.each<{ order?: "asc" | "desc"; expected: readonly string[] }>([
    { order: "desc", expected: ids.slice(-10).reverse() },
    { order: "asc", expected: ids.slice(0, 10) },
  ])("has its first page in $order order read by the index, and no row more", async ({ order, expected }) => {
    const before = pool.statements.length;
    const page = await service.getMessages(session, { limit: 10, order });
    expect(page.items.map(({ id }) => id)).toEqual(expected);
    expect(pool.statements).toHaveLength(before + 1);
    await expectRead(11);
    await service.getMessages(session, { limit: 10, order, cursor: page.nextCursor });
    await expectRead(11);
  });

  it("takes one statement to append to, which does not read the rest", async () => {
    const before = pool.statements.length;
    const read = await rowsRead();
    await service.appendMessages(session, [textMessage("one more"), textMessage("again", { id: "5" })]);
    expect(pool.statements).toHaveLength(before + 1);
    expect((await rowsRead()) - read).toBeLessThan(20);
  });

  async function expectRead(rows: number): Promise<void> {
    const steps = await pool.explainLast();
    expect(steps.map((step) => step["Node Type"])).not.toContain("Sort");
    const ofMessages = steps.filter((step) => step["Relation Name"] === "messages");
    expect(ofMessages).toEqual([
      expect.objectContaining({
        "Node Type": "Index Scan",
        "Index Name": "messages_pkey",
        "Actual Rows": rows,
      }),
    ]);
  }

  /** How many rows of messages were read from the start of the server, by whatever way. */
  async function rowsRead(): Promise<number> {
    const client = await pool.connect();
    try {
      // What each connection has counted reaches the view when it is told to.
      await client.query("select pg_stat_force_next_flush()");
      const { rows } = await client.query(
        "select sum(seq_tup_read + idx_tup_fetch) as read from pg_stat_user_tables where relname = 'messages'",
      );
      return Number(rows[0].read);
    } finally {
      client.release();
    }
  }
});
