import type { AgentEvent } from "@agentscope-runtime/agent-api";
import { type AgentApp, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { expectWholeLog, terminalOf, textDelta } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { Gate } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

const PIECES = ["one", " two", " three", " four", " five", " six"];

/** Says each piece only when its gate is open. */
function gated(): { app: AgentApp; gates: Gate[] } {
  const gates = PIECES.map(() => new Gate());
  const app = quietApp().query(text(), async function* () {
    for (const [index, piece] of PIECES.entries()) {
      await gates[index]?.passed;
      yield piece;
    }
  });
  return { app, gates };
}

test("a stream that is cut anywhere goes on with Last-Event-ID, nothing lost and nothing twice", async () => {
  for (let cutAfter = 0; cutAfter <= 11; cutAfter++) {
    const { app, gates } = gated();
    const { url, close } = await serve(app);
    const first = await EventReader.open(`${url}/process`, { body: ask("Count", { id: "run-1" }) });
    const seen: AgentEvent[] = [];
    // The gates open as far as the cut needs, so that the run is in the middle of things when the socket goes.
    let opened = 0;
    while (seen.length <= cutAfter) {
      const received = await first.next();
      if (received === undefined) break;
      seen.push(received.event);
      const due = received.event.status === "in_progress" && received.event.object !== "message";
      if (due && seen.length <= cutAfter) gates[opened++]?.open();
    }
    first.cut();
    const last = String(seen.at(-1)?.sequence_number);
    const second = await EventReader.open(`${url}/runs/run-1/events`, { headers: { "last-event-id": last } });
    for (const gate of gates) gate.open();
    if (second.status === 200) seen.push(...(await second.rest()));
    else expect([cutAfter, second.status]).toEqual([11, 204]);
    expectWholeLog(seen);
    expect(seen.map((event) => textDelta(event)).filter(Boolean)).toEqual(PIECES);
    await close();
  }
});

test("a finished run replays from every position", async () => {
  const server = await serverOf(quietApp().query(text(), () => PIECES));
  await server.inject({ method: "POST", url: "/process", body: ask("Count", { id: "run-1" }) });
  const whole = await server.inject("/runs/run-1/events");
  const frames = whole.body.split("\n\n").filter((frame) => frame.startsWith("id: "));
  expect(frames.length).toBe(12);
  for (let after = -1; after < frames.length - 1; after++) {
    const part = await server.inject(`/runs/run-1/events?after=${after}`);
    expect(part.body.split("\n\n").filter((frame) => frame.startsWith("id: "))).toEqual(
      frames.slice(after + 1),
    );
  }
});

test("a long text replays piece by piece, whatever its characters and wherever they are cut", async () => {
  const pieces = Array.from({ length: 20 }, () => ['"quoted"\n', "\\", "\ud83d", "\ude00 done", "ü"]).flat();
  const server = await serverOf(quietApp().query(text(), () => pieces));
  const live = await server.inject({
    method: "POST",
    url: "/process",
    body: ask("Count", { id: "run-1" }),
  });
  const frames = (body: string) => body.split("\n\n").filter((frame) => frame.startsWith("id: "));
  const whole = frames(live.body);
  const events = whole.map((frame): AgentEvent => JSON.parse(frame.slice(frame.indexOf("{"))));
  // A character that is cut in two comes whole.
  const shown = Array.from({ length: 20 }, () => ['"quoted"\n', "\\", "😀 done", "ü"]).flat();
  expect(events.map((event) => textDelta(event)).filter(Boolean)).toEqual(shown);
  expect(terminalOf(events).output?.[0]?.content).toMatchObject([{ text: pieces.join("") }]);
  for (let after = -1; after < whole.length - 1; after += 9) {
    const part = await server.inject(`/runs/run-1/events?after=${after}`);
    expect(frames(part.body)).toEqual(whole.slice(after + 1));
  }
});

test("reading past the terminal event answers 204", async () => {
  const server = await serverOf(quietApp().query(text(), () => PIECES));
  await server.inject({ method: "POST", url: "/process", body: ask("Count", { id: "run-1" }) });
  for (const after of ["11", "12", "999999999999999"]) {
    const byQuery = await server.inject(`/runs/run-1/events?after=${after}`);
    const byHeader = await server.inject({ url: "/runs/run-1/events", headers: { "last-event-id": after } });
    expect([byQuery.statusCode, byQuery.body]).toEqual([204, ""]);
    expect([byHeader.statusCode, byHeader.body]).toEqual([204, ""]);
  }
});

test("Last-Event-ID wins over ?after=, and an empty one counts as none", async () => {
  const server = await serverOf(quietApp().query(text(), () => PIECES));
  await server.inject({ method: "POST", url: "/process", body: ask("Count", { id: "run-1" }) });
  const firstId = async (url: string, header: string) => {
    const { body } = await server.inject({ url, headers: { "last-event-id": header } });
    return body.match(/^id: (\d+)/m)?.[1];
  };
  expect(await firstId("/runs/run-1/events?after=2", "6")).toBe("7");
  expect(await firstId("/runs/run-1/events?after=2", "")).toBe("3");
  expect(await firstId("/runs/run-1/events", "")).toBe("0");
  expect(await firstId("/runs/run-1/events?after=", "")).toBe("0");
});

test("what is no event id is refused", async () => {
  const server = await serverOf(quietApp().query(text(), () => PIECES));
  await server.inject({ method: "POST", url: "/process", body: ask("Count", { id: "run-1" }) });
  for (const id of ["-1", "x", "1.5", "1e3", "0x10", " ", "1, 2", "9".repeat(20)]) {
    const { statusCode, body } = await server.inject({
      url: "/runs/run-1/events",
      headers: { "last-event-id": id },
    });
    if (id.trim() === "") continue;
    expect([id, statusCode]).toEqual([id, 400]);
    expect(JSON.parse(body).error.code).toBe("INVALID_PARAMETER");
  }
  for (const after of ["-2", "x", "1.5", "1&after=2", "9".repeat(20)]) {
    const { statusCode } = await server.inject(`/runs/run-1/events?after=${after}`);
    expect([after, statusCode]).toEqual([after, 400]);
  }
  expect((await server.inject("/runs/run-2/events")).statusCode).toBe(404);
});

test("two clients watch one run and see the same, wherever each began", async () => {
  const { app, gates } = gated();
  const { url } = await serve(app);
  const starter = await EventReader.open(`${url}/process`, { body: ask("Count", { id: "run-1" }) });
  gates[0]?.open();
  const start = await starter.until(({ object }) => object === "content");
  const watcher = await EventReader.open(`${url}/runs/run-1/events`);
  const late = await EventReader.open(`${url}/runs/run-1/events?after=2`);
  for (const gate of gates) gate.open();
  const whole = [...start, ...(await starter.rest())];
  expectWholeLog(whole);
  expect(await watcher.rest()).toEqual(whole);
  expect(await late.rest()).toEqual(whole.slice(3));
});

test("a client that asks for events that are yet to come waits for them", async () => {
  const { app, gates } = gated();
  const { url } = await serve(app);
  await EventReader.open(`${url}/process`, { body: ask("Count", { id: "run-1" }) });
  const ahead = await EventReader.open(`${url}/runs/run-1/events?after=8`);
  for (const gate of gates) gate.open();
  expect((await ahead.rest()).map(({ sequence_number }) => sequence_number)).toEqual([9, 10, 11]);
});

test("HEAD of a run's events is answered without a stream, and keeps no one's place", async () => {
  const gate = new Gate();
  const streams = { disconnectGrace: 20 };
  const app = quietApp({ streams }).query(text(), async function* () {
    yield "a";
    await gate.passed;
  });
  const { url } = await serve(app);
  const body = ask("Go", { id: "run-1", on_disconnect: "cancel" });
  const reader = await EventReader.open(`${url}/process`, { body });
  await reader.until(({ object }) => object === "content");
  const events = `${url}/runs/run-1/events`;
  const watcher = await EventReader.open(events);
  const answer = await fetch(events, { method: "HEAD", headers: { "last-event-id": "2" } });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    "text/event-stream; charset=utf-8",
  ]);
  expect(await answer.text()).toBe("");
  reader.cut();
  expect(terminalOf(await watcher.rest()).status).toBe("canceled");
  gate.open();
});
