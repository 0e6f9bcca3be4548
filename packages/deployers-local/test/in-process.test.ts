import { stat } from "node:fs/promises";
import { AgentApp } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { fixture, State } from "./support/state.ts";

function recordedApp() {
  const log: string[] = [];
  const app = new AgentApp({ name: "Friday", log: { level: "silent" } })
    .init(() => {
      log.push("init");
      return {};
    })
    .shutdown(() => void log.push("shutdown"));
  return { app, log };
}

it("is one more listener: what the app made is shared, and given up with the last", async () => {
  const { app, log } = recordedApp();
  const manager = (await State.create()).manager();
  const running = await app.run({ port: 0 });
  const { deployId, url } = await app.deploy(manager);
  expect(await manager.list()).toMatchObject([{ deployId, url, mode: "in-process", pid: process.pid }]);
  expect(log).toEqual(["init"]);
  await running.close();
  expect((await fetch(`${url}/readiness`)).status).toBe(200);
  await manager.stop(deployId);
  expect(log).toEqual(["init", "shutdown"]);
});

it("leaves no trace on disk", async () => {
  const state = await State.create();
  const manager = state.manager();
  const { deployId } = await recordedApp().app.deploy(manager);
  await manager.list();
  await manager.stop(deployId);
  await expect(stat(state.file)).rejects.toThrow("ENOENT");
});

it("is chosen by mode though there is an entry", async () => {
  const manager = (await State.create()).manager({ entry: fixture("echo.ts") });
  const { deployId, url } = await recordedApp().app.deploy(manager, { mode: "in-process" });
  expect(await (await fetch(url)).json()).toMatchObject({ name: "Friday" });
  await manager.stop(deployId);
});

it("says that a port is in use, and that env is not for it", async () => {
  const { app } = recordedApp();
  const manager = (await State.create()).manager();
  const { deployId, url } = await app.deploy(manager);
  const port = Number(new URL(url).port);
  await expect(app.deploy(manager, { port })).rejects.toMatchObject({
    code: "CONFIGURATION_ERROR",
    message: `Port ${port} of 127.0.0.1 is in use: choose another, or 0 for any that is free.`,
  });
  await expect(app.deploy(manager, { env: {} })).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
  expect(await manager.list()).toHaveLength(1);
  await manager.stop(deployId);
});
