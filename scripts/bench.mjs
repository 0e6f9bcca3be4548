// `npm run bench`: installs and builds what is missing and measures the runtime beside a bare server.
import { join } from "node:path";
import { install, node, pnpm, root, run } from "./workspace.mjs";

await install();
if ((await pnpm("exec", "turbo", "run", "build", "--output-logs=errors-only")) !== 0) process.exit(1);
process.exit(await run(node, [join(root, "benchmarks", "src", "main.ts")]));
