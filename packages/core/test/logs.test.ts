import { RuntimeError, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serverOf } from "./support/serve.ts";

type Line = Record<string, unknown> & { msg: string };

function logged() {
  const texts: string[] = [];
  const log = { level: "trace" as const, write: (line: string) => void texts.push(line) };
  return { log, texts, lines: () => texts.map((line) => JSON.parse(line) as Line) };
}

test("every line about a run carries its id, its session's and its agent's", async () => {
  const { log, lines } = logged();
  const app = quietApp({ log }).query(text(), ({ log }) => {
    log.info({ step: 1 }, "the handler says so");
    return "ok";
  });
  const server = await serverOf(app);
  const payload = ask("Hi", { id: "run-1", session_id: "s1", stream: false });
  await server.inject({ method: "POST", url: "/process", payload });
  const about = lines().filter(({ run_id }) => run_id === "run-1");
  expect(about.map(({ msg }) => msg)).toEqual([
    "the run was taken on",
    "the handler says so",
    "the run has ended",
  ]);
  for (const line of about) expect(line).toMatchObject({ session_id: "s1", agent: "Friday" });
  expect(about.at(-1)).toMatchObject({ status: "completed" });
});

test("what a handler threw is in the log, with its stack, and only there", async () => {
  const { log, lines } = logged();
  const app = quietApp({ log }).query(text(), () => {
    throw new Error("the table users is gone");
  });
  const server = await serverOf(app);
  const payload = ask("Hi", { id: "run-1", stream: false });
  const { body } = await server.inject({ method: "POST", url: "/process", payload });
  expect(body).not.toContain("users");
  const failed = lines().find(({ msg }) => msg === "the handler failed");
  expect(failed).toMatchObject({
    run_id: "run-1",
    err: { message: "the table users is gone", stack: expect.stringContaining("logs.test.ts") },
  });
});

test("secrets are taken out of every line, wherever they stand", async () => {
  const { log, texts } = logged();
  const app = quietApp({ log }).query(text(), ({ log }) => {
    log.info({ headers: { authorization: "Bearer hunter2-hunter2" } }, "a header");
    log.info(
      { config: { apiKey: "hunter2", DASHSCOPE_API_KEY: "hunter2", nested: { client_secret: 'hun"ter2' } } },
      "options",
    );
    log.info({ password: "hunter2", cookie: "session=hunter2" }, "more");
    log.warn({}, "Incorrect API key provided: sk-hunter2hunter2hunter2.");
    log.warn({ url: "https://api.example/v1?api_key=hunter2&x=1&access_token=hunter2" }, "a URL");
    throw new RuntimeError("MODEL_UNAUTHORIZED_ACCESS", "The model refused the key.", {
      cause: new Error("401 for Authorization: Bearer hunter2hunter2, key sk-proj-hunter2hunter2"),
    });
  });
  const server = await serverOf(app);
  await server.inject({ method: "POST", url: "/process", payload: ask("Hi", { stream: false }) });
  const whole = texts.join("");
  expect(whole).toContain("[redacted]");
  expect(whole).not.toMatch(/hun\\?"?ter2/);
  for (const line of texts) JSON.parse(line);
  expect(whole).toContain("&x=1&");
});

test("the level decides what is written", async () => {
  const { log, lines } = logged();
  const app = quietApp({ log: { ...log, level: "error" } }).query(text(), ({ log }) => {
    log.info({}, "quiet");
    log.error({}, "loud");
    return "ok";
  });
  const server = await serverOf(app);
  await server.inject({ method: "POST", url: "/process", payload: ask("Hi", { stream: false }) });
  expect(lines().map(({ msg }) => msg)).toEqual(["loud"]);
});

test("a server without authenticate says so when it starts, one with it does not", async () => {
  const open = logged();
  await (
    await quietApp({ log: open.log })
      .query(text(), () => "ok")
      .run({ port: 0 })
  ).close();
  expect(open.texts.join("")).toContain("There is no authenticate");
  const guarded = logged();
  const app = quietApp({ log: guarded.log, authenticate: () => undefined }).query(text(), () => "ok");
  await (await app.run({ port: 0 })).close();
  expect(guarded.texts.join("")).not.toContain("There is no authenticate");
  expect(guarded.texts.join("")).toContain("Friday listens at");
});

const SECRETS: readonly object[] = [
  { token: "hunter2", refresh_token: "hunter2", "x-auth-token": "hunter2", accessToken: "hunter2" },
  { private_key: "hunter2", password: 7777777, pin: { secret: [7777777, "hunter2"] }, apiKeys: ["hunter2"] },
  { body: JSON.stringify({ api_key: "hunter2", nested: JSON.stringify({ token: "hunter2" }) }) },
  { body: '{"api_keys":["hunter2","hunter2"],"password":7777777}' },
  { text: "Authorization: Basic hunter2==, cookie: a=hunter2; b=hunter2" },
  { text: "authorization: Digest username=a, response=hunter2" },
  { url: "redis://user:hunter2@host:6379/0", text: "at postgres://admin:hun@hunter2@db/x" },
  { text: "OPENAI_API_KEY=hunter2 DASHSCOPE_KEY=hunter2 node app.js" },
  { text: "error: login failed: password='hunter2', apiKey: \"hunter2\"" },
  { text: "?key=hunter2&x=1", lines: ["-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END"] },
  { texts: ["ghp_hunter2hunter2hunter2", "eyJhunter2hunter2.hunter2", "bearer hunter2hunter2"] },
];

test.each(SECRETS.map((bindings) => [JSON.stringify(bindings), bindings]))(
  "%s is logged without its secrets",
  async (_, bindings) => {
    const { log, texts } = logged();
    (await serverOf(quietApp({ log }))).log.info(bindings, "hi");
    const line = texts.at(-1) as string;
    expect(line).not.toMatch(/hunter2|7777777/);
    expect(line).toContain("[redacted]");
    expect(JSON.parse(line)).toMatchObject({ msg: "hi" });
    expect(line.endsWith("}\n")).toBe(true);
  },
);

test("what only looks a little like a secret is left as it is", async () => {
  const bindings = {
    usage: { input_tokens: 12, total_tokens: 30 },
    max_tokens: 4096,
    token: null,
    secure_cookie: false,
    idempotency_key: "abc",
    session_id: "s1",
    monkey: "banana",
    text: "max_tokens=4096, see https://example.com/a?email=a@b.example, run-1: ok",
  };
  const { log, lines } = logged();
  (await serverOf(quietApp({ log }))).log.info(bindings, "hi");
  expect(lines().at(-1)).toMatchObject(bindings);
});

test("a megabyte of anything is logged in no time, and cut", async () => {
  const { log, texts } = logged();
  const server = await serverOf(quietApp({ log }));
  const units = [
    "secret",
    "a=",
    'token="',
    'token=\\"',
    "token=[",
    "://a@",
    "eyJ-",
    "Bearer ",
    "cookie:",
    "\\",
  ];
  for (const unit of [...units, "-----BEGIN ", "authorization", "_-", " ", "sk-a ", '{"token":']) {
    const text = unit.repeat(Math.ceil(2 ** 20 / unit.length));
    const pieces = text.match(/.{1,16000}/gs) ?? [];
    for (const bindings of [{ text }, { pieces }, { [text]: 1 }]) {
      const started = performance.now();
      server.log.info(bindings, "hi");
      expect([unit, performance.now() - started < 2000]).toEqual([unit, true]);
    }
  }
  server.log.info({ text: "x".repeat(2 ** 20) }, "hi");
  expect(texts.at(-1)?.length).toBeLessThan(20_000);
  expect(texts.at(-1)).toContain("more characters");
});

test("a refusal is logged without a stack and alarms nobody; what was not expected is an error", async () => {
  const { log, lines } = logged();
  const thrown: Record<string, Error> = {
    busy: new RuntimeError("SERVICE_UNAVAILABLE", "Too busy.", { retryAfter: 1 }),
    down: new RuntimeError("SERVICE_UNAVAILABLE", "No database.", { cause: new Error("ECONNREFUSED") }),
    wrong: new RuntimeError("INVALID_PARAMETER", "No."),
    unknown: new Error("oops"),
  };
  const app = quietApp({ log }).endpoint("/:what", { method: "GET" }, ({ params }) => {
    throw thrown[params.what as string];
  });
  const server = await serverOf(app);
  const lineOf = async (what: string) => {
    await server.inject(`/${what}`);
    return lines().at(-1);
  };
  expect(await lineOf("wrong")).toMatchObject({ level: 20, code: "INVALID_PARAMETER", reason: "No." });
  const busy = await lineOf("busy");
  expect(busy).toMatchObject({ level: 30, code: "SERVICE_UNAVAILABLE", reason: "Too busy." });
  expect(busy).not.toHaveProperty("err");
  const down = await lineOf("down");
  expect(down).toMatchObject({ level: 50, err: { message: expect.stringContaining("ECONNREFUSED") } });
  expect(await lineOf("unknown")).toMatchObject({ level: 50, err: { message: "oops" } });
});
