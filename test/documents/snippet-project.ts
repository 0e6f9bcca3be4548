import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** A project in which every package of ours is installed, with what they depend on; gone when it is disposed. */
export class SnippetProject implements AsyncDisposable {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(): Promise<SnippetProject> {
    const cache = join(root, ".cache");
    await mkdir(cache, { recursive: true });
    const project = new SnippetProject(await mkdtemp(join(cache, "snippets-")));
    await project.write("package.json", '{ "type": "module" }');
    // What the documents call `./app.ts` is the quick start's.
    const app = relative(project.dir, join(root, "apps", "quickstart", "src", "app.ts"));
    await project.write("app.ts", `export { app } from ${JSON.stringify(app)};`);
    await linkPackages(join(project.dir, "node_modules"));
    return project;
  }

  /** Resolves to the path of the file. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.dir, name);
    await writeFile(path, text);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true });
  }
}

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
