import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
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
    await writeFile(join(dir, "tsconfig.json"), JSON.stringify(await tsconfig()));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const checked = await promisify(execFile)(process.execPath, [tsc, "-p", dir]).catch((error) => error);
    expect(checked.stdout).toBe("");
  } finally {
    await rm(dir, { recursive: true });
  }
});

async function findDocuments(): Promise<string[]> {
  const files = ["README.md", "CONTRIBUTING.md"].map((file) => join(root, file));
  for (const file of await readdir(join(root, "docs")))
    if (file.endsWith(".md")) files.push(join(root, "docs", file));
  for (const folder of await readdir(join(root, "packages")))
    files.push(join(root, "packages", folder, "README.md"));
  for (const folder of await readdir(join(root, "apps"))) files.push(join(root, "apps", folder, "README.md"));
  return files;
}

/** Resolves the packages by name, as a project would that has installed them. */
async function tsconfig(): Promise<object> {
  const paths: Record<string, string[]> = {};
  for (const folder of await readdir(join(root, "packages"))) {
    const manifest = JSON.parse(await readFile(join(root, "packages", folder, "package.json"), "utf8"));
    for (const [entry, { "@agentscope-runtime/source": file }] of Object.entries<Record<string, string>>(
      manifest.exports,
    )) {
      paths[join(manifest.name, entry)] = [join(root, "packages", folder, file ?? "")];
    }
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      paths[name] ??= [join(root, "packages", folder, "node_modules", name)];
    }
  }
  return {
    extends: join(root, "tsconfig.test.json"),
    compilerOptions: { paths, noUnusedLocals: false, rootDir: root, types: ["node"] },
    include: ["*.ts"],
  };
}
