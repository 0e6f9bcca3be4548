import { type Service, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

test("an app says what it is", async () => {
  const app = quietApp({ description: "A helpful assistant" }).query(text(), () => "ok");
  const answer = await (await serverOf(app)).inject("/");
  expect(answer.json()).toMatchObject({
    service: "AgentScope Runtime",
    name: "Friday",
    description: "A helpful assistant",
    endpoints: { process: "/process", health: "/health" },
  });
});

test("what an app says of its routes is true", async () => {
  const app = quietApp().task("/reports", {}, () => "ok");
  const { endpoints: few } = (await (await serverOf(app)).inject("/")).json();
  expect(Object.keys(few)).toEqual(["health", "openapi"]);
  const server = await serverOf(app.query(text(), () => "ok"));
  const { endpoints, tasks } = (await server.inject("/")).json();
  expect([endpoints.sessions, tasks]).toEqual(["/sessions", ["/reports"]]);
  for (const url of Object.values<string>(endpoints)) {
    const method = url === "/process" ? "POST" : "GET";
    expect([url, server.hasRoute({ method, url })]).toEqual([url, true]);
  }
});

test("the probes answer", async () => {
  const { url } = await serve(quietApp().query(text(), () => "ok"));
  const json = async (path: string) => (await fetch(`${url}${path}`)).json();
  expect(await json("/health")).toMatchObject({ status: "healthy", runner: "ready" });
  expect(await json("/liveness")).toEqual({ status: "alive" });
  expect(await json("/readiness")).toEqual({ status: "ready", services: { run_store: true } });
});

test("readiness does not wait for ever for a service that does not answer", async () => {
  const hung: Service = {
    start: async () => undefined,
    stop: async () => undefined,
    health: () => new Promise(() => undefined),
  };
  const app = quietApp()
    .init(() => ({ hung }))
    .query(text(), () => "ok");
  const answer = await (await serverOf(app)).inject("/readiness");
  expect(answer.statusCode).toBe(503);
  expect(answer.json().services).toEqual({ run_store: true, hung: false });
});
