// `npm test`: installs, checks, builds and tests everything, and ends with the totals.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureRedis } from "./servers.mjs";
import { install, node, pnpm, root, run } from "./workspace.mjs";

const report = join(root, "node_modules", ".vitest-report.json");

/** The steps before the tests; each has to succeed. */
const steps = [
  ["install", () => install().then(() => 0)],
  ["servers", () => ensureRedis().then(() => 0)],
  ["lint", () => pnpm("exec", "biome", "check", ".")],
  ["build", () => pnpm("exec", "turbo", "run", "build", "--output-logs=errors-only")],
  ["type-check the tests", () => pnpm("exec", "tsc", "-p", "tsconfig.test.json")],
];

process.env.TURBO_TELEMETRY_DISABLED ??= "1";
for (const [name, step] of steps) {
  console.log(`\n> ${name}`);
  const code = await step().catch((error) => {
    console.error(error.message);
    return 1;
  });
  if (code !== 0) end({ passed: 0, failed: 1, skipped: 0, note: `The step "${name}" failed.` });
}

console.log("\n> test");
rmSync(report, { force: true });
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const code = await run(node, [
  vitest,
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile=${report}`,
]);
end(totals(code));

function totals(code) {
  try {
    const {
      numPassedTests: passed,
      numFailedTests,
      numPendingTests,
      numTodoTests,
    } = JSON.parse(readFileSync(report, "utf8"));
    // A file that can't be loaded or an unhandled error fails the run without failing a test.
    const failed = code !== 0 ? Math.max(numFailedTests, 1) : numFailedTests;
    return { passed, failed, skipped: numPendingTests + numTodoTests };
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, note: `There is no report of the tests: ${error.message}` };
  }
}

function end({ passed, failed, skipped, note }) {
  if (note !== undefined) console.error(`\n${note}`);
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exit(failed === 0 ? 0 : 1);
}
