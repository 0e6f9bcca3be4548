import { AgentResponse } from "@agentscope-runtime/agent-api";
import { text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { outputText } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serverOf } from "./support/serve.ts";

test("stream: false answers with the terminal response as one JSON body", async () => {
  const app = quietApp().query(text(), async function* () {
    yield "Hello, ";
    yield "Alice";
  });
  const server = await serverOf(app);
  const body = ask("Hi", { stream: false, id: "run-1", session_id: "s1" });
  const answer = await server.inject({ method: "POST", url: "/process", body });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  expect(answer.headers["x-run-id"]).toBe("run-1");
  const response = AgentResponse.parse(answer.json());
  expect(response).toMatchObject({ id: "run-1", status: "completed", session_id: "s1", error: null });
  expect(outputText(response)).toBe("Hello, Alice");
  expect(response.sequence_number).toBe(7);
});

test("a run that fails is still a 200, and its status says so", async () => {
  const app = quietApp().query(text(), async function* () {
    yield "Half a sen";
    throw new Error("the database password is hunter2");
  });
  const server = await serverOf(app);
  const body = ask("Hi", { stream: false, id: "run-1" });
  const answer = await server.inject({ method: "POST", url: "/process", body });
  expect(answer.statusCode).toBe(200);
  const response = AgentResponse.parse(answer.json());
  expect(response.status).toBe("failed");
  expect(response.error?.code).toBe("AGENT_UNKNOWN_ERROR");
  expect(outputText(response)).toBe("Half a sen");
  expect(response.output?.[0]?.status).toBe("incomplete");
});

test("a run started without a stream can be looked at and replayed like any other", async () => {
  const server = await serverOf(quietApp().query(text(), () => "ok"));
  const body = ask("Hi", { stream: false, id: "run-1", session_id: "s1", user_id: "alice" });
  const response = (await server.inject({ method: "POST", url: "/process", body })).json();
  const view = (await server.inject("/runs/run-1")).json();
  expect(view).toMatchObject({
    object: "run",
    id: "run-1",
    agent: "Friday",
    session_id: "s1",
    user_id: "alice",
    status: "completed",
    last_sequence_number: 6,
    cancel_reason: null,
  });
  expect(view.response).toEqual(response);
  const replay = await server.inject("/runs/run-1/events");
  expect(replay.body).toContain("id: 6\n");
});

test("runs are listed the newest first, page by page, by session, user and status", async () => {
  const app = quietApp().query(text(), ({ msgs }) => {
    if (msgs[0]?.content?.some((slot) => slot.type === "text" && slot.text === "fail")) throw new Error("no");
    return "ok";
  });
  const server = await serverOf(app);
  for (const [index, words] of ["a", "fail", "b", "c", "d"].entries()) {
    const ids = { id: `run-${index}`, session_id: `s${index % 2}`, user_id: index < 3 ? "alice" : "bob" };
    await server.inject({ method: "POST", url: "/process", body: ask(words, { stream: false, ...ids }) });
  }
  const list = async (query: string) => {
    const { data, next_cursor } = (await server.inject(`/runs?${query}`)).json();
    return { ids: data.map(({ id }: { id: string }) => id), next: next_cursor };
  };
  const first = await list("limit=2");
  expect(first.ids).toEqual(["run-4", "run-3"]);
  const second = await list(`limit=2&cursor=${first.next}`);
  expect(second.ids).toEqual(["run-2", "run-1"]);
  expect(await list(`limit=2&cursor=${second.next}`)).toEqual({ ids: ["run-0"], next: null });
  expect((await list("session_id=s1")).ids).toEqual(["run-3", "run-1"]);
  expect((await list("user_id=bob")).ids).toEqual(["run-4", "run-3"]);
  expect((await list("status=failed")).ids).toEqual(["run-1"]);
  expect((await list("status=failed&session_id=s0")).ids).toEqual([]);
  for (const wrong of ["status=done", "limit=0", "limit=1001", "limit=x", "cursor=%2e%2e"]) {
    const answer = await server.inject(`/runs?${wrong}`);
    expect([wrong, answer.statusCode, answer.json().error.code]).toEqual([wrong, 400, "INVALID_PARAMETER"]);
  }
});
