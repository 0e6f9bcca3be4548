// `npm run version-packages` and `npm run release`: what docs/releasing.md says, here and in the workflow alike.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { install, pnpm, root, run } from "./workspace.mjs";

/** Writes the new versions and changelogs. */
async function version() {
  await install();
  await succeed(pnpm("exec", "changeset", "version"));
}

/** Checks everything, then publishes each package whose version the registry does not have yet. */
async function publish() {
  // The tests' dependencies have no business with what the registry trusts.
  const { NPM_TOKEN, ACTIONS_ID_TOKEN_REQUEST_TOKEN, ...env } = process.env;
  await succeed(run("npm", ["run", "clean"]));
  // Built, not taken from a cache, which may hold files that have no source any more.
  await succeed(run("npm", ["test"], { env: { ...env, TURBO_FORCE: "true" } }));
  nameRepository();
  await succeed(pnpm("exec", "changeset", "publish"));
}

/** The registry takes a package's provenance only if its manifest names the repository that it was built in. */
function nameRepository() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (GITHUB_REPOSITORY === undefined) return;
  const url = `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`;
  for (const folder of readdirSync(join(root, "packages"))) {
    const file = join(root, "packages", folder, "package.json");
    const manifest = JSON.parse(readFileSync(file, "utf8"));
    manifest.repository = { type: "git", url, directory: `packages/${folder}` };
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}

async function succeed(step) {
  const code = await step;
  if (code !== 0) process.exit(code);
}

await { version, publish }[process.argv[2]]();
