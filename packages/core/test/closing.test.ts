import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { text } from "@agentscope-runtime/core";
import { expect, onTestFinished, test } from "vitest";
import { terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { Gate } from "./support/gate.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly json: unknown;
}

/** Resolves to what asks on a connection that is there already. */
async function keptConnection(url: string): Promise<(path: string, body?: unknown) => Promise<Answer>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const send = async (path: string, body?: unknown): Promise<Answer> => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const method = payload === undefined ? "GET" : "POST";
    const headers = payload === undefined ? {} : { "content-type": "application/json" };
    const outgoing = request(`${url}${path}`, { agent, method, headers }).end(payload);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    const chunks = await response.setEncoding("utf8").toArray();
    return { status: response.statusCode, headers: response.headers, json: JSON.parse(chunks.join("")) };
  };
  await send("/health");
  return send;
}

test("while the server closes, a kept connection gets our own answers", async () => {
  const gate = new Gate();
  const app = quietApp({ drainGrace: 10_000 }).query(text(), async function* () {
    yield "started";
    await gate.passed;
  });
  const server = await serverOf(app);
  const url = await server.listen({ port: 0, host: "127.0.0.1" });
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi", { id: "run-1" }) });
  await reader.until(({ object }) => object === "content");
  const asked = [
    ["/health", undefined, 200, { status: "healthy", runner: "not_ready" }],
    ["/readiness", undefined, 503, { status: "not_ready" }],
    ["/runs/run-1", undefined, 200, { status: "in_progress" }],
    ["/process", ask("Hi"), 503, { error: { code: "SERVICE_UNAVAILABLE" } }],
    ["/process", ask("Hi", { stream: false }), 503, { error: { code: "SERVICE_UNAVAILABLE" } }],
  ] as const;
  const connections = await Promise.all(asked.map(() => keptConnection(url)));
  const closed = server.close();
  for (const [index, [path, body, status, json]] of asked.entries()) {
    const answer = await connections[index]?.(path, body);
    expect([path, answer?.status]).toEqual([path, status]);
    expect(answer?.json).toMatchObject(json);
    if (path === "/process") expect(answer?.headers["retry-after"]).toMatch(/^\d+$/);
  }
  gate.open();
  expect(terminalOf(await reader.rest()).status).toBe("completed");
  await closed;
});

test("an answer that waits for a run which goes on elsewhere is told that this server closes", async () => {
  const started = new Gate();
  const gate = new Gate();
  const app = quietApp().query(text(), async () => {
    started.open();
    await gate.passed;
    return "ok";
  });
  const { url } = await serve(app);
  const other = await app.listen({ port: 0 });
  const answer = post(`${other.url}/process`, ask("Hi", { id: "run-1", stream: false }));
  await started.passed;
  await other.close();
  const refused = await answer;
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await refused.json()).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" } });
  gate.open();
  const ended = await EventReader.open(`${url}/runs/run-1/events`);
  expect(terminalOf(await ended.rest()).status).toBe("completed");
});
