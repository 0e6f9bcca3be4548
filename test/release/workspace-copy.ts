import { cp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { node, root, runProgram } from "./run-program.ts";

/**
 * The packages of the workspace without anything that was built before: no file that is left over from an earlier build
 * gets into a tarball, and none is missed.
 */
export class WorkspaceCopy {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(dir: string): Promise<WorkspaceCopy> {
    for (const name of [
      "package.json",
      "pnpm-workspace.yaml",
      "tsconfig.base.json",
      "LICENSE",
      ".changeset",
    ]) {
      await cp(join(root, name), join(dir, name), { recursive: true });
    }
    // What the packages have installed are links to this folder, relative to their own place.
    await symlink(join(root, "node_modules"), join(dir, "node_modules"));
    // With what the packages use in their tests, whose version stands in their manifests.
    for (const folder of ["packages", join("test", "servers")]) {
      await cp(join(root, folder), join(dir, folder), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !/^(dist|\.turbo|.*\.tsbuildinfo)$/.test(basename(path)),
      });
    }
    return new WorkspaceCopy(dir);
  }

  /** Builds and packs every package; resolves to the tarballs by name. */
  async pack(): Promise<ReadonlyMap<string, string>> {
    const projects = (await this.#folders()).map((folder) => join("packages", folder));
    await runProgram(
      this.dir,
      node,
      join(root, "node_modules", "typescript", "bin", "tsc"),
      "-b",
      ...projects,
    );
    const { packageManager } = await readJson(join(this.dir, "package.json"));
    const pack = ["-r", "--filter=./packages/*", "pack", "--json", "--pack-destination", this.dir];
    const packed = JSON.parse(await runProgram(this.dir, "npx", "-y", packageManager, ...pack));
    return new Map(packed.map(({ name, filename }: { name: string; filename: string }) => [name, filename]));
  }

  /** Makes the release that follows `version`, in which `changed` has news for its users; resolves to all versions. */
  async release(version: string, changed: string, bump: "minor" | "patch"): Promise<string[]> {
    const manifests = (await this.#folders()).map((folder) =>
      join(this.dir, "packages", folder, "package.json"),
    );
    for (const file of manifests) {
      await writeFile(file, JSON.stringify({ ...(await readJson(file)), version }, null, 2));
    }
    for (const file of await readdir(join(this.dir, ".changeset"))) {
      if (file.endsWith(".md")) await writeFile(join(this.dir, ".changeset", file), "---\n---\n");
    }
    await writeFile(join(this.dir, ".changeset", "news.md"), `---\n"${changed}": ${bump}\n---\n\nNews.\n`);
    const changesets = join(root, "node_modules", "@changesets", "cli", "bin.js");
    await runProgram(this.dir, node, changesets, "version");
    return Promise.all(manifests.map(async (file) => (await readJson(file)).version));
  }

  #folders(): Promise<string[]> {
    return readdir(join(this.dir, "packages"));
  }
}

async function readJson(file: string) {
  return JSON.parse(await readFile(file, "utf8"));
}
