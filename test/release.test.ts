import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer } from "./release/consumer.ts";
import { node, root, runProgram } from "./release/run-program.ts";
import { WorkspaceCopy } from "./release/workspace-copy.ts";

/** What users can import. */
const packages = readdirSync(join(root, "packages")).map((folder) => {
  const manifest = JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8"));
  const entries = Object.keys(manifest.exports).map((entry) => join(manifest.name, entry));
  return { name: manifest.name as string, entries };
});
const entries = packages.flatMap((one) => one.entries);

let dir: string;
let workspace: WorkspaceCopy;
let tarballs: ReadonlyMap<string, string>;
let consumer: Consumer;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "agentscope-runtime-release-")));
  await mkdir(join(dir, "workspace"));
  await mkdir(join(dir, "consumer"));
  workspace = await WorkspaceCopy.create(join(dir, "workspace"));
  tarballs = await workspace.pack();
  consumer = await Consumer.install(join(dir, "consumer"), tarballs);
}, 240_000);

afterAll(() => rm(dir, { recursive: true, force: true }));

describe.each(packages)("the tarball of $name", ({ name, entries }) => {
  it("holds what the package needs and nothing else", async () => {
    const files = await consumer.filesOf(name);
    expect(files).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE"]));
    const needed = /^(package\.json|README\.md|LICENSE|(src|fixtures)\/.+|dist\/.+\.(js|d\.ts)(\.map)?)$/;
    expect(files.filter((file) => !needed.test(file))).toEqual([]);
    expect(files.filter((file) => /(^|\/)test\/|\.test\.|\.tsbuildinfo$/.test(file))).toEqual([]);
  });

  it("has a manifest that says nothing of the workspace", async () => {
    const text = await readFile(join(consumer.home(name), "package.json"), "utf8");
    expect(text).not.toMatch(/workspace:|catalog:|@agentscope-runtime\/source/);
  });

  it("has source maps that lead to the sources it ships", async () => {
    const files = await consumer.filesOf(name);
    const built = files.filter((file) => /^dist\/.+\.(js|d\.ts)$/.test(file));
    expect(built.length).toBeGreaterThan(0);
    for (const file of built) {
      const [, map = "none"] =
        /^\/\/# sourceMappingURL=(.+)$/m.exec(await readFile(join(consumer.home(name), file), "utf8")) ?? [];
      const { sources } = JSON.parse(
        await readFile(join(consumer.home(name), dirname(file), map), "utf8"),
      ) as { sources: string[] };
      expect(files).toEqual(expect.arrayContaining(sources.map((source) => join(dirname(file), source))));
    }
  });

  it("can be imported in plain Node", async () => {
    const code = `for (const name of ${JSON.stringify(entries)}) console.log(Object.keys(await import(name)).length > 0);`;
    expect(await consumer.run(code)).toBe("true\n".repeat(entries.length));
  });

  it("passes publint", async () => {
    const tarball = new Uint8Array(await readFile(tarballs.get(name) ?? "")).buffer;
    const { messages, pkg } = await publint({ pack: { tarball } });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it("passes attw", { timeout: 60_000 }, async () => {
    const attw = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
    await runProgram(
      dir,
      node,
      attw,
      tarballs.get(name) ?? "",
      ...["--profile=esm-only", "--no-definitely-typed", "--format=ascii", "--no-color"],
    );
  });
});

describe("a project that has installed the tarballs", () => {
  it.each([
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ])("type-checks with $moduleResolution", { timeout: 60_000 }, async (options) => {
    const names = entries.map((entry, index) => `import * as m${index} from "${entry}";`);
    const list = `export const all = [${entries.map((_, index) => `m${index}`).join(", ")}];`;
    await consumer.typeCheck([...names, list].join("\n"), options);
    // The check can fail.
    const wrong = 'import { AgentApp } from "agentscope-runtime";\nnew AgentApp({ name: 1 });';
    await expect(consumer.typeCheck(wrong, options)).rejects.toThrow(/consumer\.ts.+TS2322/);
  });

  it("sees the sources in stack traces", async () => {
    const code = `
      import { AgentApp } from "agentscope-runtime";
      try { new AgentApp({ name: "Echo" }).init(() => {}).init(() => {}); } catch (error) { console.log(error.stack); }`;
    expect(await consumer.run(code, "--enable-source-maps")).toMatch(/core\/src\/app\/agent-app\.ts:\d+/);
  });

  it("runs the quick start", { timeout: 60_000 }, async () => {
    const response = await consumer.serve(ask);
    expect(response).toMatchObject({ status: "completed" });
    expect(JSON.stringify(response)).toContain("Nice to meet you, Alice!");
  });

  it("deploys the quick start as a process of its own", { timeout: 60_000 }, async () => {
    const printed = await consumer.run(`
      import { LocalDeployManager } from "agentscope-runtime";
      import { app } from "./src/app.ts";
      const manager = new LocalDeployManager({ port: 0, entry: "src/app.ts", stateFile: "state/deployments.json" });
      const { deployId, url } = await app.deploy(manager);
      try {
        const input = [{ role: "user", content: [{ type: "text", text: "My name is Alice." }] }];
        const body = JSON.stringify({ input, stream: false });
        const headers = { "content-type": "application/json" };
        console.log((await (await fetch(url + "/process", { method: "POST", headers, body })).json()).status);
      } finally {
        console.log((await manager.stop(deployId)).success);
      }`);
    expect(printed).toContain("completed\ntrue\n");
  });
});

describe("the next release", () => {
  it.each([
    ["0.0.0", "minor", "0.1.0"],
    ["0.1.0", "minor", "0.2.0"],
    ["0.1.0", "patch", "0.1.1"],
  ] as const)("after %s takes all packages, with %s news of one, to %s", async (version, bump, next) => {
    const versions = await workspace.release(version, "@agentscope-runtime/agentscope", bump);
    expect(new Set(versions)).toEqual(new Set([next]));
  });
});

async function ask(url: string): Promise<unknown> {
  const content = [{ type: "text", text: "My name is Alice." }];
  const response = await fetch(`${url}/process`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input: [{ role: "user", content }], stream: false }),
  });
  return response.json();
}
