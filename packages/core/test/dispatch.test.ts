import { type AgentApp, text } from "@agentscope-runtime/core";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  eventsIn,
  expectWholeLog,
  outputText,
  responseStatuses,
  terminalOf,
} from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted } from "./support/gate.ts";
import { LastingRunStore } from "./support/left-behind.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";
import { SharedDispatcher } from "./support/shared-dispatcher.ts";

/** The same app as two processes have it: one accepts, the other executes. */
function replicas(dispatcher = new SharedDispatcher(), runStore = new LastingRunStore({ leaseTtl: 150 })) {
  const executed: string[] = [];
  const make = (name: string): AgentApp =>
    quietApp({ runStore, dispatcher }).query(text(), async function* ({ request, signal }) {
      executed.push(`${name} ${request.id}`);
      yield `Hello from ${name}`;
      if (request.id.startsWith("endless")) await aborted(signal);
    });
  const work = async () => {
    const worker = await make("worker").work({ port: 0 });
    onTestFinished(() => worker.close());
    return worker;
  };
  return { web: make("web"), work, executed, runStore, dispatcher };
}

test("a run is accepted by one process and executed by another", async () => {
  const { web, work, executed } = replicas();
  const { url } = await serve(web);
  await work();
  const events = await eventsIn(await (await post(`${url}/process`, ask("Hi", { id: "run" }))).text());
  expectWholeLog(events);
  expect(outputText(terminalOf(events))).toBe("Hello from worker");
  expect(responseStatuses(events)).toEqual(["created", "in_progress", "completed"]);
  expect(executed).toEqual(["worker run"]);
});

test("runs wait for a process that executes them, and those of a session keep their order", async () => {
  const { web, work, executed } = replicas();
  const { url } = await serve(web);
  const ids = ["first", "second", "third"];
  const answers: Promise<Response>[] = [];
  for (const id of ids) {
    const reader = await EventReader.open(`${url}/process`, { body: ask("Hi", { id, session_id: "one" }) });
    answers.push(fetch(`${url}/runs/${id}/events`));
    await reader[Symbol.asyncDispose]();
  }
  expect(executed).toEqual([]);
  await work();
  for (const answer of answers) {
    expect(terminalOf(await eventsIn(await (await answer).text())).status).toBe("completed");
  }
  expect(executed).toEqual(ids.map((id) => `worker ${id}`));
});

test("a run that nobody has taken on yet can be canceled, and the next of its session goes on", async () => {
  const { web, work, executed } = replicas();
  const { url } = await serve(web);
  for (const id of ["first", "second"]) {
    await post(`${url}/process/task`, ask("Hi", { id, session_id: "one" }));
  }
  const canceled = await fetch(`${url}/runs/first/cancel?wait=true`, { method: "POST" });
  expect(await canceled.json()).toMatchObject({ id: "first", status: "canceled" });
  const events = await eventsIn(await (await fetch(`${url}/runs/first/events`)).text());
  expectWholeLog(events);
  await work();
  const next = await eventsIn(await (await fetch(`${url}/runs/second/events`)).text());
  expect(terminalOf(next).status).toBe("completed");
  expect(executed).toEqual(["worker second"]);
});

test("a run is canceled where it is executed", async () => {
  const { web, work } = replicas();
  const { url } = await serve(web);
  await work();
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi", { id: "endless" }) });
  const start = await reader.until(({ object }) => object === "content");
  await fetch(`${url}/runs/endless/cancel`, { method: "POST" });
  const events = [...start, ...(await reader.rest())];
  expect(terminalOf(events)).toMatchObject({ status: "canceled" });
});

test("a run whose dispatch was lost is dispatched again", async () => {
  const dispatcher = new SharedDispatcher();
  const { web, work } = replicas(dispatcher);
  const { url } = await serve(web);
  const lost = vi.spyOn(dispatcher, "dispatch").mockRejectedValueOnce(new Error("The queue is away."));
  const answer = await post(`${url}/process/task`, ask("Hi", { id: "run" }));
  expect(answer.status).toBe(202);
  expect(lost).toHaveBeenCalled();
  await work();
  const events = await eventsIn(await (await fetch(`${url}/runs/run/events`)).text());
  expect(terminalOf(events).status).toBe("completed");
});

test("one session with many runs does not hold up the others", async () => {
  const { web, work, executed } = replicas(new SharedDispatcher(1));
  const { url } = await serve(web);
  for (const id of ["a1", "a2", "a3", "a4"]) {
    await post(`${url}/process/task`, ask("Hi", { id, session_id: "busy" }));
  }
  await post(`${url}/process/task`, ask("Hi", { id: "b1", session_id: "other" }));
  await work();
  await vi.waitFor(() => expect(executed).toHaveLength(5));
  expect(executed.indexOf("worker b1")).toBe(1);
});

test("work without a dispatcher says what is missing", async () => {
  const app = quietApp().query(text(), () => "Hi");
  await expect(app.work()).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
});

test("readiness tells of the dispatcher", async () => {
  const { web } = replicas();
  const { url } = await serve(web);
  expect(await (await fetch(`${url}/readiness`)).text()).toContain("run_dispatcher");
});
