// `npm run bench`: installs and builds what is missing and measures the runtime beside a bare server. `npm run bench --
// stores` measures the run stores beside the one in memory, `npm run bench -- encoders` the protocols beside the Agent API.
import { join } from "node:path";
import { ensureRedis } from "./servers.mjs";
import { install, node, pnpm, root, run } from "./workspace.mjs";

const [, , what = "main"] = process.argv;
if (!["main", "stores", "encoders"].includes(what)) {
  console.error(`There is no benchmark ${what}: name stores, encoders, or none.`);
  process.exit(1);
}
await install();
if ((await pnpm("exec", "turbo", "run", "build", "--output-logs=errors-only")) !== 0) process.exit(1);
if (what === "stores") await ensureRedis();
// The servers that those start are not built to be installed.
const conditions = what === "stores" ? ["--conditions=@agentscope-runtime/source"] : [];
process.exit(await run(node, [...conditions, join(root, "benchmarks", "src", `${what}.ts`)]));
