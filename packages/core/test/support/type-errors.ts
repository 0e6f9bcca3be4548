import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** What the compiler says about a program against this package: `line:column message` for each error. */
export async function typeErrors(program: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "core-types-"));
  try {
    await writeFile(join(folder, "program.mts"), program);
    await symlink(join(ROOT, "packages/core/node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(CONFIG));
    const { promise, resolve } = Promise.withResolvers<string>();
    execFile(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder, "--pretty", "false"], (_, stdout) =>
      resolve(stdout),
    );
    const lines = (await promise).split("\n");
    return lines.flatMap((line) => {
      const [, at, column, message] = line.match(/program\.mts\((\d+),(\d+)\): error (TS\d+: .*)/) ?? [];
      return at === undefined ? (line.includes("error TS") ? [line] : []) : [`${at}:${column} ${message}`];
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const CONFIG = {
  extends: join(ROOT, "tsconfig.base.json"),
  compilerOptions: {
    composite: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    noEmit: true,
    typeRoots: [join(ROOT, "node_modules/@types")],
    paths: {
      "@agentscope-runtime/core": [join(ROOT, "packages/core/src/index.ts")],
    },
  },
  files: ["program.mts"],
};
