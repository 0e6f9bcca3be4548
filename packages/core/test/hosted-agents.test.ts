import { type AgentApp, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { deltaText, eventsIn } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serverOf } from "./support/serve.ts";

function named(name: string, log: string[] = []): AgentApp {
  return quietApp({ name, description: `This is ${name}` })
    .init(() => void log.push(`init ${name}`))
    .shutdown(() => void log.push(`shutdown ${name}`))
    .query(text(), ({ session }) => `${name} as ${session.agent}`)
    .endpoint("/whoami", { method: "GET" }, () => name) as unknown as AgentApp;
}

test("a hosted agent has the whole surface under its name", async () => {
  const server = await serverOf(named("host").host("guest", named("guest app")));
  const answer = await server.inject({
    method: "POST",
    url: "/agents/guest/process",
    payload: ask("Hi", { id: "run-1" }),
  });
  expect(deltaText(await eventsIn(answer.body))).toBe("guest app as guest");
  expect((await server.inject("/agents/guest/whoami")).json()).toBe("guest app");
  expect((await server.inject("/agents/guest")).json().name).toBe("guest app");
  expect((await server.inject("/agents/guest/runs/run-1")).json()).toMatchObject({ agent: "guest" });
  const replay = await server.inject("/agents/guest/runs/run-1/events");
  expect(replay.body).toBe(answer.body);
  const cancel = await server.inject({ method: "POST", url: "/agents/guest/runs/run-1/cancel" });
  expect(cancel.statusCode).toBe(200);
  for (const probe of ["health", "liveness", "readiness", "openapi.json"]) {
    expect((await server.inject(`/agents/guest/${probe}`)).statusCode).toBe(200);
  }
});

test("hosts and guests see their own runs only", async () => {
  const server = await serverOf(named("host").host("a", named("a")).host("b", named("b")));
  const under: Record<string, string> = { host: "", a: "/agents/a", b: "/agents/b" };
  for (const [name, path] of Object.entries(under)) {
    const payload = ask("Hi", { id: `run-${name}`, session_id: "s", user_id: "u", stream: false });
    expect((await server.inject({ method: "POST", url: `${path}/process`, payload })).statusCode).toBe(200);
  }
  for (const [name, path] of Object.entries(under)) {
    const { data } = (await server.inject(`${path}/runs?session_id=s`)).json();
    expect(data.map(({ id }: { id: string }) => id)).toEqual([`run-${name}`]);
    for (const other of Object.keys(under)) {
      const status = (await server.inject(`${path}/runs/run-${other}`)).statusCode;
      expect([name, other, status]).toEqual([name, other, name === other ? 200 : 404]);
    }
  }
});

test("an id belongs to one run of the server, whichever agent it is of", async () => {
  const server = await serverOf(named("host").host("guest", named("guest")));
  const payload = ask("Hi", { id: "run-1", stream: false });
  await server.inject({ method: "POST", url: "/process", payload });
  const again = await server.inject({ method: "POST", url: "/agents/guest/process", payload });
  expect([again.statusCode, again.json().error.code]).toEqual([409, "RUN_ID_CONFLICT"]);
});

test("guests start after their host and stop before it", async () => {
  const log: string[] = [];
  const server = await serverOf(named("host", log).host("a", named("a", log)).host("b", named("b", log)));
  await server.close();
  expect(log).toEqual(["init host", "init a", "init b", "shutdown b", "shutdown a", "shutdown host"]);
});

test("a host needs no agent of its own", async () => {
  const server = await serverOf(quietApp({ name: "host" }).host("guest", named("guest")));
  const payload = ask("Hi", { stream: false });
  expect((await server.inject({ method: "POST", url: "/process", payload })).statusCode).toBe(404);
  const answer = await server.inject({ method: "POST", url: "/agents/guest/process", payload });
  expect(answer.json().status).toBe("completed");
});

test("a name that can't be a path, is taken, or stands for an app that is served already is refused", () => {
  const configurationError = expect.objectContaining({ code: "CONFIGURATION_ERROR" });
  for (const name of ["", "a/b", "a b", "ä", "..%2f", "x".repeat(65), "host"]) {
    expect(() => named("host").host(name, named("guest")), name).toThrow(configurationError);
  }
  const host = named("host").host("guest", named("guest"));
  expect(() => host.host("guest", named("other"))).toThrow(configurationError);
  expect(() => host.host("itself", host)).toThrow(configurationError);
  expect(() => named("outer").host("inner", host)).toThrow(configurationError);
  const guest = named("guest");
  expect(() => named("host").host("a", guest).host("b", guest)).toThrow(configurationError);
});
