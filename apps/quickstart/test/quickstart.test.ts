import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { FakeModelServer } from "@agentscope-runtime/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventsOf, Friday, type ReceivedEvent, textOf, userInput } from "./friday.ts";
import { ProcessWatch } from "./process-watch.ts";

describe("the quick start without a key", () => {
  let friday: Friday;
  beforeAll(async () => {
    friday = await Friday.start();
  });
  afterAll(() => friday[Symbol.asyncDispose]());

  it("says where it listens, which model answers, and how to try it", () => {
    expect(friday.greeting).toMatch(/Friday listens at http:\/\/127\.0\.0\.1:\d+/);
    expect(friday.greeting).toMatch(/Model: the offline demo, which is no language model/);
    expect(friday.greeting).toContain(`curl -N ${friday.url}/process`);
  });

  it("remembers in the second turn what was said in the first, and only in that session", async () => {
    expect(textOf(await friday.ask("My name is Alice.", "alice"))).toContain("Alice");
    expect(textOf(await friday.ask("What is my name?", "alice"))).toBe("Your name is Alice.");
    expect(textOf(await friday.ask("What is my name?", "somebody-else"))).not.toContain("Alice");
  });

  it("does what its README says of sessions, command by command", async () => {
    const readme = await readFile(join(import.meta.dirname, "../README.md"), "utf8");
    const block = /```sh\n(curl[\s\S]*?)```/.exec(readme)?.[1] ?? "";
    const commands = block.replaceAll("http://127.0.0.1:8090", friday.url).split(/\n(?=curl)/);
    const [talk = "", list = "", read = "", rename = "", remove = ""] = commands;
    const curl = async (command: string) => {
      const url = /http[^\s']+/.exec(command)?.[0] ?? "";
      const body = /-d '([^']+)'/.exec(command)?.[1];
      const method = /-X (\w+)/.exec(command)?.[1] ?? (body === undefined ? "GET" : "POST");
      const headers = { "content-type": /-H 'content-type: ([^']+)'/.exec(command)?.[1] ?? "text/plain" };
      const given = body === undefined ? {} : { body, headers };
      return (await fetch(url, { method, ...given })).text();
    };
    expect(await curl(talk)).toContain('"status":"completed"');
    const { data } = JSON.parse(await curl(list));
    expect(data).toMatchObject([{ id: "s1", name: null, message_count: 2 }]);
    expect(JSON.parse(await curl(read)).messages.data).toHaveLength(2);
    expect(JSON.parse(await curl(rename))).toMatchObject({ id: "s1", name: "Hello" });
    expect(JSON.parse(await curl(list)).data).toMatchObject([{ id: "s1", name: "Hello" }]);
    expect(await curl(remove)).toBe("");
    expect(JSON.parse(await curl(list)).data).toEqual([]);
    expect(friday.greeting).toContain(`${friday.url}/sessions?user_id=me`);
  });

  it("calls Python for arithmetic, and the call is seen on the wire", async () => {
    const response = await friday.ask("What is 1234 * 5678? Use python.", "calculator");
    expect(response.status).toBe("completed");
    expect(response.output?.map((message) => message.type)).toEqual([
      "message",
      "plugin_call",
      "plugin_call_output",
      "message",
    ]);
    expect(JSON.stringify(response.output?.[2])).toContain("<stdout>7006652");
    expect(textOf(response)).toContain("7006652");
    expect(response.usage).toMatchObject({ output_tokens: expect.any(Number) });
  });

  it("streams word by word, and a stream that is cut goes on without a lost or doubled event", async () => {
    const cut = new AbortController();
    const start = await friday.post(
      "/process",
      { ...userInput("Tell me a long story."), id: "story" },
      { signal: cut.signal },
    );
    const seen: ReceivedEvent[] = [];
    try {
      for await (const received of eventsOf(start)) {
        seen.push(received);
        if (seen.length === 25) cut.abort();
      }
    } catch {
      // The connection is gone, as intended.
    }
    const headers = { "last-event-id": seen.at(-1)?.id ?? "" };
    const rest = await fetch(`${friday.url}/runs/story/events`, { headers });
    const cancel = setTimeout(() => friday.post("/runs/story/cancel", {}), 300);
    for await (const received of eventsOf(rest)) seen.push(received);
    clearTimeout(cancel);

    expect(seen.map(({ id }) => Number(id))).toEqual(seen.map((_, index) => index));
    const deltas = seen.flatMap(({ event }) =>
      event.object === "content" && event.delta && event.type === "text" ? [event.text] : [],
    );
    expect(deltas.length).toBeGreaterThan(20);
    const terminal = seen.at(-1)?.event;
    expect(terminal).toMatchObject({
      object: "response",
      status: "canceled",
      error: { code: "RUN_CANCELED" },
    });
    expect(JSON.stringify(terminal)).toContain(JSON.stringify(deltas.join("")));
  });

  it.each([
    ["broken JSON", '{"input":', 400],
    ["wrong types", '{"input":[{"role":"king","content":"hi"}]}', 400],
    ["20,000 brackets", "[".repeat(20_000), 400],
    ["20,000 nested arrays", `{"input":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, 400],
    ["__proto__", '{"input":[],"__proto__":{"stream":false}}', 400],
    ["20 MB", JSON.stringify(userInput("x".repeat(20_000_000))), 413],
  ])("refuses %s with a clear error", async (_, body, status) => {
    const response = await friday.post("/process", body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      error: { code: expect.any(String), message: expect.any(String) },
    });
  });
});

describe("the quick start with a key", () => {
  it("answers with the model behind OPENAI_BASE_URL and tells so", async () => {
    await using model = await FakeModelServer.start({ replies: [{ text: ["Hello ", "from the model."] }] });
    await using friday = await Friday.start({
      OPENAI_API_KEY: "k",
      OPENAI_BASE_URL: model.url,
      OPENAI_MODEL: "tiny",
    });
    expect(friday.greeting).toContain(`Model: tiny at ${model.url}`);
    expect(textOf(await friday.ask("Hi", "s"))).toBe("Hello from the model.");
    expect(model.requests[0]?.headers.authorization).toBe("Bearer k");
    expect(model.requests[0]?.body.messages.at(-1)).toMatchObject({ role: "user", content: "Hi" });
  });

  it("says what is wrong when the key is refused, and not more", async () => {
    const body = { error: { message: "Incorrect API key provided: secret-key", code: "invalid_api_key" } };
    await using model = await FakeModelServer.start({ replies: () => ({ status: 401, body }) });
    await using friday = await Friday.start({
      DASHSCOPE_API_KEY: "secret-key",
      DASHSCOPE_BASE_URL: model.url,
    });
    const response = await friday.ask("Hi", "s");
    expect(response).toMatchObject({ status: "failed", error: { code: "MODEL_UNAUTHORIZED_ACCESS" } });
    expect(JSON.stringify(response)).not.toContain("secret-key");
  });

  it("ends the model call within a second of a cancel from elsewhere", async () => {
    await using model = await FakeModelServer.start({ replies: [{ text: ["Well"], ending: "stall" }] });
    await using friday = await Friday.start({ OPENAI_API_KEY: "k", OPENAI_BASE_URL: model.url });
    const stream = await friday.post("/process", { ...userInput("Hi"), id: "r" });
    const { closed } = await model.nextRequest();
    const started = performance.now();
    expect((await friday.post("/runs/r/cancel", {})).status).toBe(202);
    await closed;
    const events = await Array.fromAsync(eventsOf(stream));
    expect(performance.now() - started).toBeLessThan(1000);
    expect(events.at(-1)?.event).toMatchObject({ status: "canceled" });
  });

  it("ends the child process of a tool within a second of a cancel from elsewhere", async () => {
    await using watch = await ProcessWatch.start();
    const code = `import socket, time\ns = socket.create_connection(("127.0.0.1", ${watch.port}))\ntime.sleep(600)`;
    const call = { toolCalls: [{ name: "execute_python_code", arguments: { code } }] };
    await using model = await FakeModelServer.start({ replies: [call] });
    await using friday = await Friday.start({ OPENAI_API_KEY: "k", OPENAI_BASE_URL: model.url });
    const stream = await friday.post("/process", { ...userInput("Sleep"), id: "r" });
    await watch.running;
    const started = performance.now();
    await friday.post("/runs/r/cancel", {});
    await watch.gone;
    const events = await Array.fromAsync(eventsOf(stream));
    expect(performance.now() - started).toBeLessThan(1000);
    expect(events.at(-1)?.event).toMatchObject({ status: "canceled" });
    expect(JSON.stringify(events.at(-1)?.event)).toContain("interrupted");
  });
});

describe("the quick start, started again", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "quickstart-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("remembers what was said before", async () => {
    {
      await using friday = await Friday.start({ DATA_DIR: folder });
      await friday.ask("My name is Alice.", "alice");
      await friday.end("SIGINT");
    }
    await using friday = await Friday.start({ DATA_DIR: folder });
    expect(textOf(await friday.ask("What is my name?", "alice"))).toBe("Your name is Alice.");
    const sessions = await fetch(`${friday.url}/sessions?user_id=alice`);
    expect(JSON.stringify(await sessions.json())).toContain('"alice"');
  });

  it("gives a client that comes back after a crash the rest, and goes on with the session", async () => {
    const seen: ReceivedEvent[] = [];
    {
      await using friday = await Friday.start({ DATA_DIR: folder });
      const story = { ...userInput("Tell me a long story."), id: "story", session_id: "s", user_id: "s" };
      const stream = await friday.post("/process", story);
      try {
        for await (const received of eventsOf(stream)) {
          seen.push(received);
          if (seen.length === 25) await friday.end("SIGKILL");
        }
      } catch {
        // The server is gone, as intended.
      }
    }
    await using friday = await Friday.start({ DATA_DIR: folder });
    const rest = await fetch(`${friday.url}/runs/story/events`, {
      headers: { "last-event-id": seen.at(-1)?.id ?? "" },
    });
    for await (const received of eventsOf(rest)) seen.push(received);
    expect(seen.map(({ id }) => Number(id))).toEqual(seen.map((_, index) => index));
    expect(seen.at(-1)?.event).toMatchObject({ status: "failed", error: { code: "RUN_INTERRUPTED" } });
    expect(textOf(await friday.ask("My name is Alice.", "s"))).toContain("Alice");
  });
});

it("deploys itself, answers the OpenAI SDK, and leaves nothing behind", async () => {
  const home = await mkdtemp(join(tmpdir(), "quickstart-"));
  const args = ["--conditions=@agentscope-runtime/source", "src/deploy.ts"];
  const options = {
    cwd: join(import.meta.dirname, ".."),
    env: { PATH: process.env.PATH, HOME: home, PORT: "0", DATA_DIR: join(home, "data") },
  };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  expect(stdout).toMatch(
    /Deployed as \S+ at http:\/\/127\.0\.0\.1:\d+\nFriday: .*42.*\nDeployment \S+ is stopped\.\n$/,
  );
  const url = /http:\S+/.exec(stdout)?.[0] ?? "";
  await expect(fetch(`${url}/health`)).rejects.toThrow();
  await rm(home, { recursive: true });
});
