import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { RuntimeError } from "@agentscope-runtime/core";
import type { LocalDeployManagerOptions, LocalDeployOptions } from "@agentscope-runtime/deployers-local";
import { expect, it, onTestFinished } from "vitest";
import { app } from "./fixtures/echo.ts";
import { fixture, isAlive, State } from "./support/state.ts";

/** Deploys what can't be deployed; nothing may be left of it. */
async function failure(
  name: string,
  options: LocalDeployOptions = {},
  managerOptions: LocalDeployManagerOptions = {},
): Promise<RuntimeError> {
  const state = await State.create();
  const manager = state.manager({ entry: fixture(name), ...managerOptions });
  const env = { PID_FILE: state.pidFile, STATE_FILE: state.file, ...options.env };
  const error = await manager.deploy(app, { ...options, env }).catch((error: unknown) => error);
  expect(await manager.list()).toEqual([]);
  const pid = await state.pid().catch(() => undefined);
  if (pid !== undefined) await expect.poll(() => isAlive(pid)).toBe(false);
  if (!RuntimeError.is(error)) throw error;
  return error;
}

/** A server that is not ours. */
async function stranger(): Promise<{ url: string; port: number }> {
  const server = createServer((_request, response) => response.end('{"status":"healthy"}'));
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}

it("tells what an entry throws, and the last lines of its log", async () => {
  const error = await failure("throwing.ts");
  expect(error.code).toBe("CONFIGURATION_ERROR");
  expect(error.message).toMatch(/throwing\.ts can't be imported: DATABASE_URL is not set\n/);
  expect(error.message).toContain("\nthis is said before it goes wrong\n");
  expect(error.details).toMatchObject({
    log_file: expect.stringMatching(/\.log$/),
    last_lines: expect.arrayContaining(["this is said before it goes wrong"]),
  });
});

it("tells of an entry that is not there", async () => {
  const { code, message } = await failure("absent.ts");
  expect([code, message.split("\n")[0]]).toEqual([
    "CONFIGURATION_ERROR",
    expect.stringMatching(/absent\.ts can't be imported: Cannot find module/),
  ]);
});

it("tells which exports are apps", async () => {
  const { code, message } = await failure("echo.ts", { export: "application" });
  expect(code).toBe("CONFIGURATION_ERROR");
  expect(message).toContain('exports no app as "application", but an app as "app", "other".');
  expect((await failure("echo.ts", { export: "notAnApp" })).message).toContain('no app as "notAnApp"');
  expect((await failure("hollow.ts")).message).toContain("but no app at all.");
});

it("tells of an init that fails", async () => {
  const { code, message } = await failure("failing-init.ts");
  expect(code).toBe("CONFIGURATION_ERROR");
  expect(message).toContain("The init of Broken failed: no database\n");
});

it("tells of a port that is in use", async () => {
  const { port } = await stranger();
  const { code, message } = await failure("echo.ts", { port });
  expect(code).toBe("CONFIGURATION_ERROR");
  expect(message).toContain(
    `Port ${port} of 127.0.0.1 is in use: choose another, or 0 for any that is free.\n`,
  );
});

it("does not take another server for its own", async () => {
  const { url } = await stranger();
  const { code, message } = await failure("impostor.ts", { env: { OTHER_URL: url } });
  expect(code).toBe("CONFIGURATION_ERROR");
  expect(message).toContain(`Another server answers at ${url}: choose another port.`);
});

it("tells how a process has ended that does not come up, and no more than 20 lines", async () => {
  const { code, message, details } = await failure("exiting.ts");
  expect(code).toBe("CONFIGURATION_ERROR");
  expect(message).toMatch(/exiting\.ts has ended too early, with exit code 3\.\n/);
  const last20 = Array.from({ length: 20 }, (_, index) => `line ${80 + index}`);
  expect(details).toMatchObject({ last_lines: last20 });
  expect(message.endsWith(`\n${last20.join("\n")}`)).toBe(true);
});

it("gives up a start that takes too long", async () => {
  const { code, message } = await failure("hanging.ts", {}, { startupTimeout: 1500 });
  expect(code).toBe("TIMEOUT");
  expect(message).toMatch(/hanging\.ts did not answer within 1500 ms\.\nIts log is empty: /);
});

it("gives up a start that is aborted", async () => {
  const controller = new AbortController();
  const reason = new Error("never mind");
  const failing = failure("hanging.ts", { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 300);
  await expect(failing).rejects.toBe(reason);
  await expect(failure("hanging.ts", { signal: controller.signal })).rejects.toBe(reason);
});

it("refuses an entry that deploys while it is imported", async () => {
  expect((await failure("deploying.ts")).message).toContain("Importing an entry starts nothing");
});

it("refuses an entry that is no file", async () => {
  const { code, message } = await failure("", { entry: new URL("data:text/javascript,1") });
  expect([code, message]).toEqual(["CONFIGURATION_ERROR", "An entry is a file, not data:text/javascript,1."]);
});

it("says that a detached deployment needs an entry", async () => {
  const manager = (await State.create()).manager();
  await expect(manager.deploy(app, { mode: "detached" })).rejects.toMatchObject({
    code: "CONFIGURATION_ERROR",
    message: expect.stringContaining('add entry, such as entry: new URL("./app.ts", import.meta.url)'),
  });
});
