import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { app } from "./fixtures/echo.ts";
import { fixture, isAlive, modeOf, State } from "./support/state.ts";

const entry = fixture("echo.ts");

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
    expect(await modeOf(state.file)).toBe("600");
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
