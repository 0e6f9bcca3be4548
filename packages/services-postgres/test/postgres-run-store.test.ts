import { PostgresRunStore } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { type RunStoreSuiteCreateOptions, runStoreSuite } from "@agentscope-runtime/testing";
import { afterAll, beforeAll } from "vitest";

let server: PostgresServer;
let url: string;
beforeAll(async () => {
  server = await PostgresServer.start({ settings: { fsync: "off" } });
  url = await server.createDatabase();
}, 60_000);
afterAll(() => server?.stop(), 60_000);

let count = 0;
interface OpenOptions extends RunStoreSuiteCreateOptions {
  readonly schema: string;
}
const opened = new WeakMap<object, OpenOptions>();
function open(options: OpenOptions): PostgresRunStore {
  const store = new PostgresRunStore({ url, sweepInterval: 50, poolSize: 4, ...options });
  opened.set(store, options);
  return store;
}
const again = (store: object) => open(opened.get(store) as OpenOptions);

runStoreSuite("PostgresRunStore", {
  create: (options = {}) => open({ schema: `schema ${++count}`, ...options }),
  durable: { reopen: again },
  peer: again,
});
