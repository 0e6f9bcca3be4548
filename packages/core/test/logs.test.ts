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
