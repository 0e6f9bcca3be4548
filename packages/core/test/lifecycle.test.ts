import { createServer } from "node:net";
import { AgentApp, InMemoryRunStore, RuntimeError, type Service, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { ChildApp } from "./support/child-app.ts";
import { aborted } from "./support/gate.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

/** An app that writes down what happens to it. */
function recorded(name = "Friday") {
  const log: string[] = [];
  class RecordedStore extends InMemoryRunStore {
    override async start(): Promise<void> {
      log.push("store starts");
      await super.start();
    }

    override async stop(): Promise<void> {
      log.push("store stops");
      await super.stop();
    }
  }
  const app = quietApp({ name, runStore: new RecordedStore() })
    .init(async () => {
      log.push("init");
      return { log };
    })
    .shutdown(({ log }) => void log.push("shutdown"))
    .query(text(), async function* ({ resources, signal }) {
      resources.log.push("handler");
      await aborted(signal);
      yield "ok";
      resources.log.push("handler ends");
    });
  return { app, log };
}

test("making an app starts nothing", async () => {
  const { log, app } = recorded();
  app.plugin();
  expect(log).toEqual([]);
});

test("everything starts and stops once and in order, and runs end in between", async () => {
  const { app, log } = recorded();
  const { url, close, closed } = await serve(app);
  const run = post(`${url}/process`, ask("Hi", { stream: false }));
  await expect.poll(() => log.at(-1), { interval: 1 }).toBe("handler");
  await close();
  await closed;
  expect(await (await run).json()).toMatchObject({ status: "canceled" });
  expect(log).toEqual(["store starts", "init", "handler", "handler ends", "shutdown", "store stops"]);
});

test("closing twice is closing once", async () => {
  const { app, log } = recorded();
  const { close, closed } = await serve(app);
  await Promise.all([close(), close()]);
  await closed;
  await close();
  expect(log.filter((line) => line === "shutdown").length).toBe(1);
});

test("an app can be disposed of with await using", async () => {
  const { app, log } = recorded();
  {
    await using running = await app.run({ port: 0 });
    expect((await fetch(`${running.url}/health`)).status).toBe(200);
  }
  expect(log.at(-1)).toBe("store stops");
});

test("a closed app can be started again, with everything new", async () => {
  const { app, log } = recorded();
  await (await serve(app)).close();
  const { url } = await serve(app);
  expect((await fetch(`${url}/readiness`)).status).toBe(200);
  expect(log).toEqual(["store starts", "init", "shutdown", "store stops", "store starts", "init"]);
});

test("a second listener shares the app, and the last one that closes stops it", async () => {
  const { app, log } = recorded();
  const first = await serve(app);
  const second = await serve(app);
  await first.close();
  expect((await fetch(`${second.url}/readiness`)).status).toBe(200);
  expect(log).toEqual(["store starts", "init"]);
  await second.close();
  expect(log).toEqual(["store starts", "init", "shutdown", "store stops"]);
});

test("a server that was made and not listened with stops everything when it is closed", async () => {
  const { app, log } = recorded();
  const server = await serverOf(app);
  await server.close();
  expect(log).toEqual(["store starts", "init", "shutdown", "store stops"]);
});

test("a handler that never returns makes closing take one grace and not several", async () => {
  const app = quietApp({ drainGrace: 300, runs: { settleTimeout: 60_000 } }).query(
    text(),
    async function* () {
      yield "stuck";
      await new Promise(() => undefined);
    },
  );
  const { url, close } = await serve(app);
  const stuck = post(`${url}/process`, ask("Hi"));
  await (await stuck).body?.getReader().read();
  const began = performance.now();
  await close();
  // The grace, and two seconds for the handler to settle.
  expect(performance.now() - began).toBeLessThan(4000);
});

test("a failing init rejects run, says what failed, and stops what was started", async () => {
  const log: string[] = [];
  class RecordedStore extends InMemoryRunStore {
    override async stop(): Promise<void> {
      log.push("store stops");
      await super.stop();
    }
  }
  const hosted = quietApp({ name: "hosted" })
    .init(() => {
      throw new Error("no key");
    })
    .query(text(), () => "ok");
  const app = quietApp({ runStore: new RecordedStore() })
    .init(() => ({ a: 1 }))
    .shutdown(({ a }) => void log.push(`shutdown ${a}`))
    .query(text(), () => "ok")
    .host("hosted", hosted);
  const failure = await app.run({ port: 0 }).catch((error: unknown) => error);
  expect(RuntimeError.is(failure) && failure.code).toBe("CONFIGURATION_ERROR");
  expect((failure as Error).message).toBe("The init of hosted failed: no key");
  expect((failure as Error).cause).toBeInstanceOf(Error);
  expect(log).toEqual(["shutdown 1", "store stops"]);
});

test("a failing init ends the process with exit code 1 and a clear message", async () => {
  const app = new ChildApp("failing-init");
  expect(await app.end()).toBe("code 1");
  expect(app.stderr).toContain("The init of Friday failed: the database at db:5432 does not answer");
  expect(app.lines).toEqual(["store started"]);
});

test("a failing plugin stops what was started as well", async () => {
  const { app, log } = recorded();
  app.register(async () => {
    throw new Error("bad plugin");
  });
  await expect(app.createServer()).rejects.toThrow("bad plugin");
  expect(log).toEqual(["store starts", "init", "shutdown", "store stops"]);
});

test("a port that is taken rejects run with Node's error, and stops what was started", async () => {
  const { app, log } = recorded();
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise<void>((resolve) => taken.once("listening", () => resolve()));
  const { port } = taken.address() as { port: number };
  await expect(app.run({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  expect(log).toEqual(["store starts", "init", "shutdown", "store stops"]);
  taken.close();
});

test("init comes first and once, query once, and a name is needed", () => {
  const configurationError = expect.objectContaining({ code: "CONFIGURATION_ERROR" });
  const make = (name = "Friday") => new AgentApp({ name });
  expect(() =>
    make()
      .query(text(), () => "ok")
      .init(() => 1),
  ).toThrow(configurationError);
  expect(() =>
    make()
      .init(() => 1)
      .init(() => 2),
  ).toThrow(configurationError);
  expect(() =>
    make()
      .endpoint("/x", {}, () => 1)
      .init(() => 1),
  ).toThrow(configurationError);
  expect(() =>
    make()
      .query(text(), () => "a")
      .query(text(), () => "b"),
  ).toThrow(configurationError);
  expect(() => make("")).toThrow(configurationError);
});

test("readiness asks everything that init returned and that is a service", async () => {
  const health = { well: true, throws: false };
  const service: Service = {
    start: async () => undefined,
    stop: async () => undefined,
    health: async () => {
      if (health.throws) throw new Error("no");
      return health.well;
    },
  };
  const app = quietApp()
    .init(() => ({ state: service, model: "no service", nothing: undefined }))
    .query(text(), () => "ok");
  const server = await serverOf(app);
  const ready = async () => {
    const answer = await server.inject("/readiness");
    return [answer.statusCode, answer.json()];
  };
  expect(await ready()).toEqual([200, { status: "ready", services: { run_store: true, state: true } }]);
  health.well = false;
  expect(await ready()).toEqual([503, { status: "not_ready", services: { run_store: true, state: false } }]);
  health.throws = true;
  expect((await ready())[0]).toBe(503);
  expect((await server.inject("/liveness")).statusCode).toBe(200);
});
