import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const scope = "@agentscope-runtime/";
const source = `${scope}source`;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly private?: boolean;
  readonly sideEffects?: boolean;
  readonly files?: readonly string[];
  readonly engines?: { readonly node?: string };
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>> };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Which packages of the workspace each family may use at run time. */
const allowed: readonly [RegExp, readonly RegExp[]][] = [
  [/^agent-api$/, []],
  [/^core$/, [/^agent-api$/]],
  [/^agentscope$/, []],
  [/^adapters-/, [/^agent-api$/, /^core$/, /^agentscope$/]],
  [/^(protocols|services|queues|registries|deployers)-/, [/^agent-api$/, /^core$/]],
  [/^testing$/, [/^agent-api$/, /^core$/]],
  [
    /^agentscope-runtime$/,
    [/^agent-api$/, /^core$/, /^agentscope$/, /^(adapters|protocols|deployers|services)-/],
  ],
];
/** What packages may use in their tests besides. */
const allowedInTests = [/^testing$/, /^servers$/, /^agentscope$/, /^services-sqlite$/, /^protocols-a2a$/];

const packages = readdirSync(join(root, "packages")).map((folder) => read("packages", folder));
const apps = [
  ...readdirSync(join(root, "apps")).map((folder) => read("apps", folder)),
  read("", "benchmarks"),
  read("test", "servers"),
  read("test", "faults"),
];

describe.each(packages)("the package $folder", ({ folder, dir, manifest, tsconfig }) => {
  it("has the shape of every package", () => {
    expect(manifest).toMatchObject({
      name: folder === "agentscope-runtime" ? folder : `${scope}${folder}`,
      description: expect.stringMatching(/\.$/),
      license: "Apache-2.0",
      type: "module",
      sideEffects: false,
      engines: { node: ">=22.18" },
      publishConfig: { access: "public" },
    });
    expect(manifest.private).toBeUndefined();
    expect(existsSync(join(dir, "README.md"))).toBe(true);
    expect(existsSync(join(dir, "test"))).toBe(true);
  });

  it("exports its source inside the workspace and its build outside", () => {
    for (const [entry, { [source]: file, ...built }] of Object.entries(manifest.exports ?? {})) {
      const name = entry === "." ? "index" : entry.slice(2);
      expect(file).toBe(`./src/${name}.ts`);
      expect(existsSync(join(dir, file ?? ""))).toBe(true);
      expect(Object.entries(built)).toEqual([
        ["types", `./dist/${name}.d.ts`],
        ["default", `./dist/${name}.js`],
      ]);
      expect(manifest.publishConfig?.exports?.[entry]).toEqual(built);
    }
    expect(Object.keys(manifest.publishConfig?.exports ?? {})).toEqual(Object.keys(manifest.exports ?? {}));
  });

  it("depends on packages below it only", () => {
    const rule = allowed.find(([family]) => family.test(folder));
    expect(rule, `a family for ${folder} in this test`).toBeDefined();
    const runtime = internal({ ...manifest.dependencies, ...manifest.peerDependencies });
    const tests = internal(manifest.devDependencies);
    for (const name of runtime)
      expect(
        rule?.[1].some((below) => below.test(name)),
        name,
      ).toBe(true);
    for (const name of tests) {
      expect(
        [...(rule?.[1] ?? []), ...allowedInTests].some((below) => below.test(name)),
        name,
      ).toBe(true);
    }
  });

  it("references exactly the packages its source imports, and imports only what it declares", () => {
    const used = importsOf(join(dir, "src"));
    const typed = importsOf(join(dir, "src"), { types: true });
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    for (const name of used) expect(Object.keys(declared)).toContain(name);
    for (const name of typed)
      expect(Object.keys({ ...declared, ...manifest.devDependencies })).toContain(name);
    const imported = used.union(typed);
    const internalImports = [...imported]
      .filter((name) => isInternal(name))
      .map(folderOf)
      .sort();
    expect([...references(tsconfig)].sort()).toEqual(internalImports);
  });

  it("takes outside dependencies from the catalog", () => {
    const outside = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies };
    for (const [name, range] of Object.entries(outside)) {
      expect([name, range]).toEqual([name, isInternal(name) ? "workspace:^" : "catalog:"]);
    }
  });

  it("names its exports one by one", () => {
    for (const file of sourcesOf(join(dir, "src"))) {
      expect(readFileSync(file, "utf8"), file).not.toMatch(/^export \*/m);
    }
  });
});

describe("the workspace", () => {
  it("builds every package and app from its root", () => {
    const { references } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
    const paths = references.map(({ path }: { path: string }) => path).sort();
    const expected = [
      ...packages.map((p) => `packages/${p.folder}`),
      ...apps.map((app) => relative(root, app.dir)),
    ].sort();
    expect(paths).toEqual(expected);
  });

  it("releases all packages with one version", () => {
    const { fixed } = JSON.parse(readFileSync(join(root, ".changeset", "config.json"), "utf8"));
    expect(fixed).toEqual([["agentscope-runtime", "@agentscope-runtime/*"]]);
    expect(new Set(packages.map((p) => p.manifest.version)).size).toBe(1);
  });

  it("keeps apps private and lets them use packages by name", () => {
    for (const { manifest, tsconfig, dir } of apps) {
      expect(manifest.private).toBe(true);
      const src = join(dir, "src");
      const imported = [...importsOf(src).union(importsOf(src, { types: true }))]
        .filter(isInternal)
        .map(folderOf)
        .sort();
      expect([...references(tsconfig)].sort()).toEqual(imported);
    }
  });

  it("has a lockfile without download addresses", () => {
    expect(readFileSync(join(root, "pnpm-lock.yaml"), "utf8")).not.toMatch(/https?:\/\/|tarball:/);
  });
});

function read(family: string, folder: string) {
  const dir = join(root, family, folder);
  const manifest = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Manifest;
  const tsconfig = JSON.parse(readFileSync(join(dir, "tsconfig.json"), "utf8")) as {
    references?: { path: string }[];
  };
  return { folder, dir, manifest, tsconfig };
}

function isInternal(name: string): boolean {
  return name.startsWith(scope) || name === "agentscope-runtime";
}

function folderOf(name: string): string {
  // What only tests use lies in `test/`.
  return name.replace(scope, "").replace(/^test-/, "");
}

function internal(dependencies: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(dependencies).filter(isInternal).map(folderOf);
}

function references({ references = [] }: { references?: { path: string }[] }): string[] {
  return references.map(({ path }) => path.split("/").at(-1) ?? "");
}

function sourcesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(dir, file));
}

const IMPORT =
  /^(import type|import|export)\b[^"';]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** The packages that the source imports by name, Node's own left out; with `types`, those of which it needs types only. */
function importsOf(dir: string, { types = false } = {}): Set<string> {
  const names = { used: new Set<string>(), typed: new Set<string>() };
  for (const file of sourcesOf(dir)) {
    for (const [, kind, ...found] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      const specifier = found.find((name) => name !== undefined) ?? "";
      if (specifier.startsWith(".") || specifier.startsWith("node:")) continue;
      const name = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      names[kind === "import type" ? "typed" : "used"].add(name);
    }
  }
  return types ? names.typed.difference(names.used) : names.used;
}
