import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** The workspace. */
export const root: string = join(import.meta.dirname, "..", "..");

/** The Node that the workspace brings along. */
export const node: string = join(root, "node_modules", "node", "bin", "node");

/** Runs a program in `cwd` and resolves to what it printed; rejects with all of that if it fails. */
export async function runProgram(cwd: string, command: string, ...args: string[]): Promise<string> {
  try {
    const options = { cwd, env: cleanEnvironment(), maxBuffer: 64 * 1024 * 1024 };
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${[command, ...args].join(" ")}\n${stdout}${stderr || error}`, { cause: error });
  }
}

/** As a terminal has it: without keys, and without what npm and vitest tell the programs they start. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const told = /^(npm_(?!config_)|npm_config_local_prefix$|NODE_(ENV|OPTIONS)$|VITEST|(DASHSCOPE|OPENAI)_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !told.test(name)));
}
