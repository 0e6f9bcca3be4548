import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { app } from "./fixtures/echo.ts";
import { EXEC_ARGV, fixture, isAlive, modeOf, State } from "./support/state.ts";

const entry = fixture("echo.ts");

/** The fixture `deploy.ts` in a process of its own. */
function deployer(state: State, name: string, execArgv: readonly string[] = []) {
  const args = [
    ...EXEC_ARGV,
    ...execArgv,
    fileURLToPath(fixture("deploy.ts")),
    state.file,
    fixture(name).href,
  ];
  const env = { ...process.env, PID_FILE: state.pidFile };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

describe("a detached deployment", () => {
  it("is on record, for its owner only, without its environment", async () => {
    const state = await State.create();
    const manager = state.manager({ entry });
    const { deployId, url } = await app.deploy(manager, { env: { ADDED: "s3cret" } });
    const logFile = join(state.directory, "state", "logs", `${deployId}.log`);
    const content = await readFile(state.file, "utf8");
    const { pid } = (await state.record(deployId)).config;
    expect(JSON.parse(content)).toEqual({
      version: "1.0",
      deployments: {
        [deployId]: {
          id: deployId,
          platform: "local",
          url,
          agent_source: entry.href,
          created_at: expect.stringMatching(/^\d{4}-.*Z$/),
          status: "running",
          token: null,
          config: {
            mode: "detached",
            export: "app",
            log_file: logFile,
            hostname: expect.any(String),
            pid: expect.any(Number),
            process_start: expect.any(String),
          },
        },
      },
    });
    expect(await manager.list()).toMatchObject([{ deployId, pid, logFile, mode: "detached" }]);
    expect(content).not.toContain("s3cret");
    expect(
      await Promise.all([dirname(state.file), dirname(logFile), state.file, logFile].map(modeOf)),
    ).toEqual([...["700", "700", "600", "600"]]);
    expect(await readFile(logFile, "utf8")).toContain("There is no authenticate");
    await manager.stop(deployId);
    expect(await state.records()).toEqual({});
    expect(await isAlive(pid)).toBe(false);
  });

  it("has this process's environment with what was added and without what was taken away", async () => {
    const state = await State.create();
    process.env.INHERITED = "yes";
    onTestFinished(() => void delete process.env.INHERITED);
    const environment = async (env?: Record<string, string | undefined>) => {
      const { url } = await state.manager({ entry }).deploy(app, { env });
      return (await fetch(`${url}/env`)).json();
    };
    expect(await environment()).toMatchObject({ inherited: "yes", added: null });
    expect(await environment({ ADDED: "yes", INHERITED: undefined })).toMatchObject({
      inherited: null,
      added: "yes",
    });
  });

  it("can be another export, and of a path", async () => {
    const manager = (await State.create()).manager({ entry: fileURLToPath(entry), export: "other" });
    const { url } = await manager.deploy(app);
    expect(await (await fetch(url)).json()).toMatchObject({ name: "Other" });
  });

  it("outlives its parent, has its options, and can be stopped by anybody else", async () => {
    const state = await State.create();
    const child = deployer(state, "echo.ts", ["--stack-trace-limit=7", "--inspect-port", "0", "-C", "extra"]);
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    expect(code).toBe(0);
    const { deployId, url } = JSON.parse(said);
    const { execArgv } = (await (await fetch(`${url}/env`)).json()) as { execArgv: string[] };
    expect(execArgv).toEqual([...EXEC_ARGV, "--stack-trace-limit=7", "-C", "extra"]);
    const manager = state.manager();
    expect(await manager.list()).toMatchObject([{ deployId, url, status: "running" }]);
    expect(await manager.stop(deployId)).toEqual({
      success: true,
      message: `Deployment ${deployId} is stopped.`,
    });
    await expect(fetch(url)).rejects.toThrow();
  });

  it("ends with its parent while it is not on record", async () => {
    const state = await State.create();
    const child = deployer(state, "hanging.ts");
    const pid = await expect
      .poll(() => state.pid().catch(() => 0), { timeout: 10_000 })
      .not.toBe(0)
      .then(() => state.pid());
    child.kill("SIGKILL");
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("is recorded next to those that other processes make meanwhile", async () => {
    const state = await State.create();
    const [here, there] = await Promise.all([
      state.manager({ entry }).deploy(app),
      text(deployer(state, "echo.ts").stdout).then((said) => JSON.parse(said)),
    ]);
    expect(Object.keys(await state.records()).toSorted()).toEqual([here.deployId, there.deployId].toSorted());
  });

  it("lets its runs end though two processes stop it", async () => {
    const state = await State.create();
    const { deployId, url } = await state.manager({ entry }).deploy(app);
    const run = fetch(`${url}/process`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        stream: false,
        input: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      }),
    });
    await expect
      .poll(async () => (await (await fetch(`${url}/runs`)).text()).includes("in_progress"))
      .toBe(true);
    const results = await Promise.all([state.manager().stop(deployId), state.manager().stop(deployId)]);
    expect(results).toMatchObject([{ success: true }, { success: true }]);
    expect(await (await run).json()).toMatchObject({ status: "completed" });
  });

  it("is killed with what it started when it does not end in time", async () => {
    const state = await State.create();
    const manager = state.manager({ entry: fixture("stubborn.ts"), stopTimeout: 200 });
    const { deployId, url } = await manager.deploy(app);
    const pids = (await (await fetch(`${url}/pids`)).json()) as number[];
    expect(await manager.stop(deployId)).toEqual({
      success: true,
      message: `Deployment ${deployId} did not end within 200 ms and was killed.`,
    });
    await expect.poll(() => Promise.all(pids.map(isAlive))).toEqual([false, false]);
    expect(await state.records()).toEqual({});
  });

  it("is listed as stopped once it was killed, and stopping it takes it off the record", async () => {
    const state = await State.create();
    const manager = state.manager({ entry });
    const { deployId } = await manager.deploy(app);
    process.kill((await state.record(deployId)).config.pid, "SIGKILL");
    await expect.poll(() => manager.list()).toMatchObject([{ deployId, status: "stopped" }]);
    expect(await manager.stop(deployId)).toEqual({
      success: true,
      message: `Deployment ${deployId} had ended by itself.`,
    });
    expect(await manager.list()).toEqual([]);
  });
});
