import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

it("has READMEs and docs whose TypeScript compiles", { timeout: 60_000 }, async () => {
  const documents = await findDocuments();
  expect(documents.length).toBeGreaterThan(5);
  const cache = join(root, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const dir = await mkdtemp(join(cache, "snippets-"));
  try {
    let count = 0;
    for (const document of documents) {
      const text = await readFile(document, "utf8");
      for (const [index, [, code = ""]] of [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].entries()) {
        const name = relative(root, document).replace(/[^\w]+/g, "-");
        await writeFile(join(dir, `${name}-${index}.ts`), `${code}\nexport {};\n`);
        count++;
      }
    }
    expect(count).toBeGreaterThan(5);
    await writeFile(join(dir, "package.json"), '{ "type": "module" }');
    // What the documents call `./app.ts` is the quick start's.
    const app = relative(dir, join(root, "apps", "quickstart", "src", "app.ts"));
    await writeFile(join(dir, "app.ts"), `export { app } from ${JSON.stringify(app)};`);
    await linkPackages(join(dir, "node_modules"));
    await writeFile(join(dir, "tsconfig.json"), JSON.stringify(tsconfig()));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const checked = await promisify(execFile)(process.execPath, [tsc, "-p", dir]).catch((error) => error);
    expect(checked.stdout).toBe("");
  } finally {
    await rm(dir, { recursive: true });
  }
});

async function findDocuments(): Promise<string[]> {
  const files = ["README.md", "README.zh.md", "CONTRIBUTING.md"].map((file) => join(root, file));
  for (const file of await readdir(join(root, "docs")))
    if (file.endsWith(".md")) files.push(join(root, "docs", file));
  for (const folder of await readdir(join(root, "packages")))
    files.push(join(root, "packages", folder, "README.md"));
  for (const folder of await readdir(join(root, "apps"))) files.push(join(root, "apps", folder, "README.md"));
  return files;
}

/** What a project has in its `node_modules` that has installed every package of ours, with their dependencies. */
async function linkPackages(modules: string): Promise<void> {
  const link = async (name: string, target: string) => {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(target, join(modules, name)).catch(() => undefined);
  };
  for (const folder of await readdir(join(root, "packages"))) {
    const dir = join(root, "packages", folder);
    const manifest = JSON.parse(await readFile(join(dir, "package.json"), "utf8"));
    await link(manifest.name, dir);
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
      await link(name, join(dir, "node_modules", name));
    }
  }
}

function tsconfig(): object {
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, rootDir: root };
  return { extends: join(root, "tsconfig.test.json"), compilerOptions, include: ["*.ts"] };
}
