import { spawn } from "node:child_process";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cleanEnvironment, node, root, runProgram } from "./run-program.ts";

/** A user's project, outside the workspace, that has nothing but the tarballs and what npm installs for them. */
export class Consumer {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async install(dir: string, tarballs: ReadonlyMap<string, string>): Promise<Consumer> {
    const types = await readFile(join(root, "node_modules", "@types", "node", "package.json"), "utf8");
    const manifest = {
      private: true,
      type: "module",
      dependencies: Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`])),
      devDependencies: { "@types/node": JSON.parse(types).version },
    };
    await writeFile(join(dir, "package.json"), JSON.stringify(manifest));
    await runProgram(dir, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
    await cp(join(root, "apps", "quickstart", "src"), join(dir, "src"), { recursive: true });
    return new Consumer(dir);
  }

  /** Where a package is installed. */
  home(name: string): string {
    return join(this.dir, "node_modules", name);
  }

  /** The paths of all files that came with a package. */
  async filesOf(name: string): Promise<string[]> {
    const entries = await readdir(this.home(name), { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.home(name).length + 1));
    return paths.filter((path) => !path.startsWith("node_modules"));
  }

  /** Runs the code of a module in plain Node and resolves to what it prints. */
  run(code: string, ...options: string[]): Promise<string> {
    return runProgram(this.dir, node, ...options, "--input-type=module", "--eval", code);
  }

  /** Type-checks `code` and the quick start, libraries included; rejects with what is wrong. */
  async typeCheck(code: string, compilerOptions: object): Promise<void> {
    await writeFile(join(this.dir, "consumer.ts"), code);
    const tsconfig = {
      compilerOptions: {
        ...{ target: "es2024", lib: ["es2024", "esnext.disposable"], types: ["node"], noEmit: true },
        ...{
          strict: true,
          skipLibCheck: false,
          allowImportingTsExtensions: true,
          verbatimModuleSyntax: true,
        },
        ...compilerOptions,
      },
      include: ["consumer.ts", "src"],
    };
    await writeFile(join(this.dir, "tsconfig.json"), JSON.stringify(tsconfig));
    await runProgram(this.dir, node, join(root, "node_modules", "typescript", "bin", "tsc"), "-p", ".");
  }

  /** Serves the quick start on a free port while `use` is busy with it. */
  async serve<Result>(use: (url: string) => Promise<Result>): Promise<Result> {
    const server = spawn(node, ["src/main.ts"], {
      cwd: this.dir,
      env: { ...cleanEnvironment(), PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      let printed = "";
      for await (const chunk of server.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
        printed += chunk;
        const [, url] = /^Friday listens at (\S+)$/m.exec(printed) ?? [];
        if (url !== undefined) return await use(url);
      }
      throw new Error(`The quick start has ended early:\n${printed}`);
    } finally {
      server.kill("SIGKILL");
    }
  }
}
