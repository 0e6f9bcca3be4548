import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { SnippetProject } from "./documents/snippet-project.ts";
import { snippetsOf } from "./documents/snippets.ts";

const root = join(import.meta.dirname, "..");

it("has READMEs and docs whose TypeScript compiles", { timeout: 60_000 }, async () => {
  const documents = await findDocuments();
  expect(documents.length).toBeGreaterThan(5);
  await using project = await SnippetProject.create();
  let count = 0;
  for (const document of documents) {
    for (const [index, code] of (await snippetsOf(document, "ts")).entries()) {
      const name = relative(root, document).replace(/[^\w]+/g, "-");
      await project.write(`${name}-${index}.ts`, `${code}\nexport {};\n`);
      count++;
    }
  }
  expect(count).toBeGreaterThan(5);
  await project.write("tsconfig.json", JSON.stringify(tsconfig()));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const checked = await promisify(execFile)(process.execPath, [tsc, "-p", project.dir]).catch(
    (error) => error,
  );
  expect(checked.stdout).toBe("");
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

function tsconfig(): object {
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, rootDir: root };
  return { extends: join(root, "tsconfig.test.json"), compilerOptions, include: ["*.ts"] };
}
