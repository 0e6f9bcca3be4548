import { type AgentEvent, decodeSse } from "@agentscope-runtime/agent-api";
import { RuntimeError, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { EventReader } from "./support/event-reader.ts";
import { aborted, Gate } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

async function dataIn(stream: string): Promise<unknown[]> {
  const data: unknown[] = [];
  const chunks = async function* () {
    yield stream;
  };
  for await (const event of decodeSse(chunks())) data.push([event.event ?? null, JSON.parse(event.data)]);
  return data;
}

test("an endpoint answers with whatever JSON it returns", async () => {
  const results: readonly unknown[] = [{ a: 1 }, [1, 2], "text", 7, true, null, undefined, new Date(0)];
  for (const result of results) {
    const server = await serverOf(quietApp().endpoint("/x", { method: "GET" }, () => result));
    const answer = await server.inject("/x");
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.body).toBe(JSON.stringify(result ?? null));
  }
});

test("a generator streams, an event an item, whether it is asynchronous or not", async () => {
  const app = quietApp()
    .endpoint("/async", { method: "GET" }, async function* () {
      yield { n: 1 };
      yield "zwei\nlines";
      yield undefined;
    })
    .endpoint("/sync", { method: "GET" }, function* () {
      yield { n: 1 };
      yield "zwei\nlines";
      yield undefined;
    })
    .endpoint("/promised", { method: "GET" }, async () => [{ n: 1 }, "zwei\nlines", null].values())
    .endpoint("/set", { method: "GET" }, () => new Set([{ n: 1 }, "zwei\nlines", undefined]))
    .endpoint("/own", { method: "GET" }, () => ({
      *[Symbol.iterator]() {
        yield* [{ n: 1 }, "zwei\nlines", null];
      },
    }));
  const server = await serverOf(app);
  for (const url of ["/async", "/sync", "/promised", "/set", "/own"]) {
    const answer = await server.inject(url);
    expect(answer.headers["content-type"]).toContain("text/event-stream");
    expect(await dataIn(answer.body)).toEqual([
      [null, { n: 1 }],
      [null, "zwei\nlines"],
      [null, null],
    ]);
  }
});

test("body, query, path and resources reach the handler, parsed and typed", async () => {
  const app = quietApp()
    .init(() => ({ greeting: "Hello" }))
    .query(text(), () => "ok")
    .endpoint(
      "/greet/:name",
      {
        method: "PUT",
        body: z.object({ times: z.int().default(1) }),
        query: z.object({ loud: z.stringbool() }),
      },
      ({ body, query, params, resources }) => {
        const word = query.loud ? resources.greeting.toUpperCase() : resources.greeting;
        return `${word} ${params.name} `.repeat(body.times).trim();
      },
    );
  const server = await serverOf(app);
  const answer = await server.inject({ method: "PUT", url: "/greet/Alice?loud=true", payload: { times: 2 } });
  expect(answer.json()).toBe("HELLO Alice HELLO Alice");
});

test("what does not fit the schemas answers 400 and does not reach the handler", async () => {
  let calls = 0;
  const options = { body: z.object({ n: z.int() }), query: z.object({ q: z.string() }) };
  const server = await serverOf(quietApp().endpoint("/x", options, () => ++calls));
  const post = (url: string, payload: object) => server.inject({ method: "POST", url, payload });
  const wrongBody = await post("/x?q=1", { n: "one" });
  expect([wrongBody.statusCode, wrongBody.json().error.details[0].path]).toEqual([400, ["n"]]);
  const wrongQuery = await post("/x", { n: 1 });
  expect([wrongQuery.statusCode, wrongQuery.json().error.message]).toEqual([
    400,
    expect.stringMatching(/^query\.q: /),
  ]);
  expect(calls).toBe(0);
});

test("an endpoint that throws answers with the runtime's error, or with 500 and nothing of its own", async () => {
  const thrown: Record<string, unknown> = {
    known: new RuntimeError("RATE_LIMIT_EXCEEDED", "Slow down.", { retryAfter: 7 }),
    unknown: new Error("hunter2"),
    text: "hunter2",
    null: null,
    refusal: Object.assign(new Error("No teapot"), { statusCode: 418 }),
  };
  const app = quietApp().endpoint("/x/:what", { method: "GET" }, async ({ params }) => {
    throw thrown[params.what as string];
  });
  const server = await serverOf(app);
  const known = await server.inject("/x/known");
  expect([known.statusCode, known.json(), known.headers["retry-after"]]).toEqual([
    429,
    { error: { code: "RATE_LIMIT_EXCEEDED", message: "Slow down." } },
    "7",
  ]);
  for (const what of ["unknown", "text", "null"]) {
    const answer = await server.inject(`/x/${what}`);
    expect([what, answer.statusCode, answer.json()]).toEqual([
      what,
      500,
      { error: { code: "INTERNAL_ERROR", message: "Internal error." } },
    ]);
  }
  expect((await server.inject("/x/refusal")).statusCode).toBe(418);
});

test("an error in the middle of a stream is its last event", async () => {
  const app = quietApp().endpoint("/x/:what", { method: "GET" }, async function* ({ params }) {
    yield 1;
    if (params.what === "known") throw new RuntimeError("TOOL_NOT_FOUND", "No such tool.");
    throw new Error("hunter2");
  });
  const server = await serverOf(app);
  expect(await dataIn((await server.inject("/x/known")).body)).toEqual([
    [null, 1],
    ["error", { error: { code: "TOOL_NOT_FOUND", message: "No such tool." } }],
  ]);
  expect(await dataIn((await server.inject("/x/unknown")).body)).toEqual([
    [null, 1],
    ["error", { error: { code: "INTERNAL_ERROR", message: "Internal error." } }],
  ]);
});

test("an item that is no JSON ends the stream with an error as well", async () => {
  const app = quietApp().endpoint("/x", { method: "GET" }, function* () {
    yield 1;
    yield 10n;
  });
  const events = await dataIn((await (await serverOf(app)).inject("/x")).body);
  expect(events).toEqual([
    [null, 1],
    ["error", { error: { code: "INTERNAL_ERROR", message: "Internal error." } }],
  ]);
});

test("a client that goes away aborts the endpoint's signal and ends its generator", async () => {
  const ended = new Gate();
  const app = quietApp().endpoint("/x", { method: "GET" }, async function* ({ signal }) {
    try {
      yield { object: "first" };
      await aborted(signal);
      yield { object: "second" };
    } finally {
      ended.open();
    }
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/x`);
  expect((await reader.next())?.event).toEqual({ object: "first" } as unknown as AgentEvent);
  reader.cut();
  await ended.passed;
});

test("closing the app ends an endpoint's stream, whether the endpoint heeds its signal or not", async () => {
  const ended = new Gate();
  const app = quietApp()
    .endpoint("/heeds", { method: "GET" }, async function* ({ signal }) {
      yield 1;
      await aborted(signal);
      ended.open();
    })
    .endpoint("/ignores", { method: "GET" }, async function* () {
      yield 1;
      await new Promise(() => undefined);
    });
  const { url, close } = await serve(app);
  const readers = await Promise.all(["/heeds", "/ignores"].map((path) => EventReader.open(`${url}${path}`)));
  for (const reader of readers) await reader.next();
  await close();
  for (const reader of readers) expect(await reader.next()).toBeUndefined();
  await ended.passed;
});

test("an app may consist of endpoints alone", async () => {
  const server = await serverOf(quietApp().endpoint("/x", { method: "GET" }, () => 1));
  expect((await server.inject("/x")).json()).toBe(1);
  expect((await server.inject("/readiness")).statusCode).toBe(200);
  expect((await server.inject({ method: "POST", url: "/process", payload: {} })).statusCode).toBe(404);
});

test("what a generator throws before its first item is answered with its own status", async () => {
  const refuse = () => {
    throw new RuntimeError("RATE_LIMIT_EXCEEDED", "Slow down.", { retryAfter: 7 });
  };
  const app = quietApp()
    .endpoint("/async", { method: "GET" }, async function* () {
      yield refuse();
    })
    .endpoint("/sync", { method: "GET" }, function* () {
      yield refuse();
    });
  const server = await serverOf(app);
  for (const url of ["/async", "/sync"]) {
    const answer = await server.inject(url);
    expect([answer.statusCode, answer.headers["retry-after"], answer.json().error.code]).toEqual([
      429,
      "7",
      "RATE_LIMIT_EXCEEDED",
    ]);
  }
});

test("a generator without items is a stream without events", async () => {
  const app = quietApp().endpoint("/x", { method: "GET" }, async function* () {});
  const answer = await (await serverOf(app)).inject("/x");
  expect([answer.statusCode, await dataIn(answer.body)]).toEqual([200, []]);
});

test("closing the app does not wait for a generator's first item, nor does a client that goes away", async () => {
  const ended = new Gate();
  const app = quietApp()
    .endpoint("/never", { method: "GET" }, async function* () {
      await new Promise(() => undefined);
      yield 1;
    })
    .endpoint("/aborted", { method: "GET" }, async function* ({ signal }) {
      await aborted(signal);
      ended.open();
      yield 1;
    });
  const { url, close } = await serve(app);
  const hangUp = new AbortController();
  const gone = fetch(`${url}/aborted`, { signal: hangUp.signal });
  const waiting = fetch(`${url}/never`);
  await fetch(`${url}/health`);
  hangUp.abort();
  await expect(gone).rejects.toThrow();
  await ended.passed;
  await close();
  expect((await waiting).status).toBe(503);
});

test("HEAD of an endpoint that streams is answered, and its generator ended", async () => {
  const ended = new Gate();
  const app = quietApp().endpoint("/ticks", { method: "GET" }, async function* () {
    try {
      for (;;) yield 1;
    } finally {
      ended.open();
    }
  });
  const { url } = await serve(app);
  const answer = await fetch(`${url}/ticks`, { method: "HEAD" });
  expect([answer.status, await answer.text()]).toEqual([200, ""]);
  await ended.passed;
});
