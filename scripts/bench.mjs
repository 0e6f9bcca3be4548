// `npm run bench`: installs and builds what is missing and measures the runtime beside a bare server. `npm run bench --
// stores` measures the run stores beside the one in memory.
import { join } from "node:path";
import { ensureRedis } from "./servers.mjs";
import { install, node, pnpm, root, run } from "./workspace.mjs";

await install();
if ((await pnpm("exec", "turbo", "run", "build", "--output-logs=errors-only")) !== 0) process.exit(1);
if (process.argv[2] !== "stores") process.exit(await run(node, [join(root, "benchmarks", "src", "main.ts")]));
await ensureRedis();
// From the sources, since the servers that it starts are not built to be installed.
process.exit(
  await run(node, ["--conditions=@agentscope-runtime/source", join(root, "benchmarks", "src", "stores.ts")]),
);
