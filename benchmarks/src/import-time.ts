import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The median time to import modules, one after the other, in a new process, in milliseconds; packages from their builds. */
export async function importTime(modules: readonly string[], rounds = 15): Promise<number> {
  const imports = modules.map((name) => `await import(${JSON.stringify(name)});`).join("");
  const code = `const t = performance.now(); ${imports} console.log(performance.now() - t);`;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code], {
      cwd: import.meta.dirname,
    });
    times.push(Number(stdout));
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}
