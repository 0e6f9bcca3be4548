import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { app } from "./fixtures/echo.ts";
import { EXEC_ARGV, fixture, isAlive, State } from "./support/state.ts";

const entry = fixture("echo.ts");
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

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
    expect(await Promise.all([dirname(state.file), dirname(logFile), state.file, logFile].map(mode))).toEqual(
      [...["700", "700", "600", "600"]],
    );
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

describe("the deployments file", () => {
  it("never makes a manager end a process that only has the id of another", async () => {
    const state = await State.create();
    const { deployId } = await state.manager({ entry }).deploy(app);
    const { [deployId]: record } = await state.records();
    const bystander = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], {
      detached: true,
    });
    onTestFinished(() => void bystander.kill("SIGKILL"));
    await once(bystander, "spawn");
    await state.write({
      [deployId]: record,
      recycled: { ...record, id: "recycled", config: { ...record?.config, pid: bystander.pid } },
      everything: { ...record, id: "everything", config: { ...record?.config, pid: 1 } },
    });
    const manager = state.manager({ stopTimeout: 200 });
    expect((await manager.list()).map(({ status }) => status)).toEqual(["stopped", "running"]);
    expect(await manager.stop("recycled")).toMatchObject({
      success: true,
      message: expect.stringMatching(/had ended by itself/),
    });
    expect(await manager.stop("everything")).toMatchObject({ success: false });
    expect(await isAlive(bystander.pid ?? 0)).toBe(true);
    expect(Object.keys(await state.records())).toEqual([deployId, "everything"]);
    await manager.stop(deployId);
  });

  it("makes a manager leave alone what runs on another machine, whatever that has of the same id here", async () => {
    const state = await State.create();
    const manager = state.manager({ entry });
    const { deployId } = await manager.deploy(app);
    const record = await state.record(deployId);
    const config = { ...record.config, hostname: "far.example" };
    const far = { ...record, id: "far", config: { ...config, process_start: "there" } };
    await state.write({ [deployId]: { ...record, config }, far });
    expect(await manager.stop("far")).toMatchObject({
      success: false,
      message: expect.stringMatching(/runs on far\.example/),
    });
    expect(await manager.list()).toMatchObject([{ deployId: "far", status: "running" }, { deployId }]);
    expect(await isAlive(config.pid)).toBe(true);
    // This one does run here: the machine has another name now.
    expect(await manager.stop(deployId)).toMatchObject({ success: true });
    expect(await isAlive(config.pid)).toBe(false);
  });

  it("keeps what others have written, and a manager says whose it is", async () => {
    const state = await State.create();
    const others = {
      kube: { id: "kube", platform: "k8s", url: null, config: { replicas: 2 }, extra: [1] },
      old: { id: "old", platform: "local", url: "http://127.0.0.1:1", created_at: "2025-01-01", config: {} },
      odd: 7,
    };
    await state.write(others);
    const manager = state.manager({ entry });
    const { deployId } = await manager.deploy(app);
    expect(await manager.list()).toMatchObject([{ deployId }]);
    expect(await manager.stop("kube")).toMatchObject({
      success: false,
      message: expect.stringMatching(/on k8s/),
    });
    expect(await manager.stop("old")).toMatchObject({
      success: false,
      message: expect.stringMatching(/not made by this manager/),
    });
    expect(await manager.stop("odd")).toMatchObject({ success: false });
    await manager.stop(deployId);
    expect(await state.records()).toEqual(others);
    expect(await mode(state.file)).toBe("600");
  });

  it.each(["", "{", "[]", '{"version":"2.0","deployments":{}}', '{"version":"1.0","deployments":[]}'])(
    "is not touched when it holds %j, and nothing is started",
    async (content) => {
      const state = await State.create();
      await state.write({});
      await writeFile(state.file, content);
      const manager = state.manager({ entry });
      const problem = { code: "CONFIGURATION_ERROR", message: expect.stringContaining(state.file) };
      await expect(manager.deploy(app)).rejects.toMatchObject(problem);
      await expect(manager.list()).rejects.toMatchObject(problem);
      await expect(manager.stop("id")).rejects.toMatchObject(problem);
      expect(await readFile(state.file, "utf8")).toBe(content);
      await expect(stat(join(dirname(state.file), "logs"))).rejects.toThrow("ENOENT");
    },
  );

  it("loses nothing when many write at once", async () => {
    const state = await State.create();
    const { deployId } = await state.manager({ entry }).deploy(app);
    const record = await state.record(deployId);
    const ids = Array.from({ length: 16 }, (_, index) => `ended-${index}`);
    const ended = ids.map((id) => ({
      ...record,
      id,
      config: { ...record.config, process_start: "earlier" },
    }));
    await state.write({ [deployId]: record, ...Object.fromEntries(ended.map((one) => [one.id, one])) });
    const [one, other] = [state.manager(), state.manager()];
    await Promise.all(ids.map((id, index) => (index % 2 === 0 ? one : other).stop(id)));
    expect(Object.keys(await state.records())).toEqual([deployId]);
  });

  it("is written though a process that had locked it has died", async () => {
    const state = await State.create();
    const lock = `${state.file}.lock`;
    await mkdir(lock, { recursive: true });
    await utimes(lock, new Date(0), new Date(0));
    const { deployId } = await state.manager({ entry }).deploy(app);
    expect(Object.keys(await state.records())).toEqual([deployId]);
  });

  it("is not made by looking into it", async () => {
    const state = await State.create();
    expect(await state.manager().list()).toEqual([]);
    expect(await state.manager().stop("id")).toMatchObject({ success: false });
    await expect(stat(dirname(state.file))).rejects.toThrow("ENOENT");
  });
});
