import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text as textOfStream } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type AgentEvent, decodeSse } from "@agentscope-runtime/agent-api";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

let redis: RedisServer;
let primary: ChildProcess;
let url: string;
beforeAll(async () => {
  redis = await RedisServer.start();
  primary = start({ REDIS_URL: redis.url });
  url = await urlOf(primary);
}, 30_000);
afterAll(async () => {
  const exit = once(primary, "exit");
  primary.kill("SIGTERM");
  await exit;
  await redis.stop();
});

/** Starts the replicas on a free port, as the leader of a group of their own. */
function start(env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, ["--conditions=@agentscope-runtime/source", MAIN], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PORT: "0", ...env },
    detached: true,
  });
}

async function urlOf(child: ChildProcess): Promise<string> {
  child.stderr?.resume();
  for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
    const [found] = /http:\S+$/.exec(line) ?? [];
    if (line.includes("replicas listen") && found !== undefined) return found;
  }
  throw new Error("The replicas have ended without a word.");
}

test("one port, two processes: a run is told the same wherever it is read, and the session goes on in the other", async () => {
  const body = JSON.stringify({
    id: "run-1",
    session_id: "s1",
    input: [{ role: "user", content: [{ type: "text", text: "Go" }] }],
  });
  const headers = { "content-type": "application/json", connection: "close" };
  const first = fetch(`${url}/process`, { method: "POST", headers, body });
  const told = await textOf(await first);
  const readings = await Promise.all(
    Array.from({ length: 6 }, async () =>
      textOf(await fetch(`${url}/runs/run-1/events`, { headers: { connection: "close" } })),
    ),
  );
  expect(told).toMatch(/^This is turn 1, told by process \d+/);
  expect(new Set(readings)).toEqual(new Set([told]));

  const tellers = new Set<string>();
  for (let turn = 2; turn <= 5; turn++) {
    const request = JSON.stringify({ ...JSON.parse(body), id: `run-${turn}` });
    const text = await textOf(await fetch(`${url}/process`, { method: "POST", headers, body: request }));
    expect(text).toContain(`turn ${turn},`);
    tellers.add(/process (\d+)/.exec(text)?.[1] ?? "");
  }
  expect(tellers.size).toBe(2);
}, 30_000);

test("Ctrl-C, which reaches the whole group, lets a run come to its end", async () => {
  const group = start({ REDIS_URL: redis.url });
  const exit = once(group, "exit");
  const own = await urlOf(group);
  const input = [{ role: "user", content: [{ type: "text", text: "Go" }] }];
  const answer = await fetch(`${own}/process`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ session_id: "ctrl-c", input }),
  });
  // The replica that is at work gets it from the terminal and, a while later, from the primary; the latter may be slow.
  let teller = "";
  let pressed = false;
  const text = await textOf(answer, (told) => {
    if (pressed) return;
    pressed = teller !== "";
    if (pressed) {
      process.kill(-(group.pid as number), "SIGINT");
      return;
    }
    teller = /process (\d+),/.exec(told)?.[1] ?? "";
    if (teller !== "") process.kill(Number(teller), "SIGINT");
  });
  expect(text).toMatch(/one word at a time\. $/);
  expect(await exit).toEqual([0, null]);
}, 30_000);

test.each([
  ["a port that is none", { PORT: "abc" }, /PORT is a whole number from 0 to 65535, not "abc"/],
  ["no replicas", { REPLICAS: "0" }, /REPLICAS is a whole number from 1 to 256, not "0"/],
  ["a URL that is none", { REDIS_URL: "localhost" }, /REDIS_URL is a URL such as/],
  ["no Redis", { REDIS_URL: "redis://127.0.0.1:1" }, /Counter can't start: .*Redis/],
])(
  "ends at once with what went wrong: %s",
  async (_, env, complaint) => {
    const child = start({ REDIS_URL: redis.url, ...env });
    const exit = once(child, "exit");
    const said = await textOfStream(child.stderr as NodeJS.ReadableStream);
    expect(await exit).toEqual([1, null]);
    expect(said).toMatch(complaint);
  },
  30_000,
);

test("ends at once where the port is in use", async () => {
  const { port } = new URL(url);
  const child = start({ REDIS_URL: redis.url, PORT: port });
  const exit = once(child, "exit");
  const said = await textOfStream(child.stderr as NodeJS.ReadableStream);
  expect(await exit).toEqual([1, null]);
  expect(said).toMatch(/EADDRINUSE/);
}, 30_000);

async function textOf(response: Response, onWord: (told: string) => void = () => undefined): Promise<string> {
  if (response.body === null) throw new Error("There is no stream.");
  let text = "";
  for await (const { data } of decodeSse(response.body)) {
    const event = JSON.parse(data) as AgentEvent;
    if (event.object !== "content" || event.type !== "text" || !event.delta) continue;
    text += event.text;
    onWord(text);
  }
  return text;
}
