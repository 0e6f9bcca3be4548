import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
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
  primary = spawn(process.execPath, ["--conditions=@agentscope-runtime/source", MAIN], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, REDIS_URL: redis.url, PORT: "0" },
  });
  const lines = createInterface(primary.stdout as NodeJS.ReadableStream);
  for await (const line of lines) {
    const [found] = /http:\S+$/.exec(line) ?? [];
    if (!line.includes("replicas listen") || found === undefined) continue;
    url = found;
    break;
  }
}, 30_000);
afterAll(async () => {
  const exit = once(primary, "exit");
  primary.kill("SIGTERM");
  await exit;
  await redis.stop();
});

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

async function textOf(response: Response): Promise<string> {
  if (response.body === null) throw new Error("There is no stream.");
  let text = "";
  for await (const { data } of decodeSse(response.body)) {
    const event = JSON.parse(data) as AgentEvent;
    if (event.object === "content" && event.type === "text" && event.delta) text += event.text;
  }
  return text;
}
