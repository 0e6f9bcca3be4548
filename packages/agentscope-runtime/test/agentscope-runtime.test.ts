import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AgentApp, text } from "agentscope-runtime";
import * as framework from "agentscope-runtime/agentscope";
import { expect, it } from "vitest";

it("speaks every protocol unless it is told which", async () => {
  const handler = () => "Hello!";
  const all = await new AgentApp({ name: "a", log: { level: "silent" } })
    .query(text(), handler)
    .createServer();
  const none = await new AgentApp({ name: "b", protocols: [], log: { level: "silent" } })
    .query(text(), handler)
    .createServer();
  const request = { method: "POST", url: "/v1/responses", payload: { model: "any", input: "Hi" } } as const;
  expect((await all.inject(request)).json()).toMatchObject({ object: "response", status: "completed" });
  expect((await none.inject(request)).statusCode).toBe(404);
  await Promise.all([all.close(), none.close()]);
});

it("offers the agent framework by an entry of its own", () => {
  expect(Object.keys(framework)).toEqual(
    expect.arrayContaining([
      "agentscope",
      "ReActAgent",
      "SessionHistoryMemory",
      "streamPrintingMessages",
      "Toolkit",
    ]),
  );
});

it("loads neither the framework nor the SDKs of the protocols with the plain import", async () => {
  const code = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    await import("agentscope-runtime");
    const late = /[/](openai|@a2a-js|@modelcontextprotocol|fastify)[/]|ag-ui[/](encoder|core[/]dist[/]schemas)|packages[/]agentscope[/]/;
    console.log(loaded.filter((url) => late.test(url)).length, loaded.length > 10);`;
  const args = ["--conditions=@agentscope-runtime/source", "--input-type=module", "-e", code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  expect(stdout.trim()).toBe("0 true");
});
