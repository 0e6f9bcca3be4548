import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The median time that a module's code takes in a new process, in milliseconds; packages from their builds. */
export async function startTime(code: string, rounds = 15): Promise<number> {
  const timed = `const started = performance.now();
    ${code}
    console.log(performance.now() - started);
    process.exit();`;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", timed], {
      cwd: import.meta.dirname,
    });
    times.push(Number(stdout));
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}
