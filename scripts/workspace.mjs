// Plain JavaScript, since it runs on whatever Node is installed; everything after it runs on the Node of the workspace.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The Node that the workspace brings along. */
export const node = join(root, "node_modules", "node", "bin", "node");

const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const stamp = join(root, "node_modules", ".installed");

/** Runs a program with this terminal as its own, and resolves to its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const shell = process.platform === "win32";
    const child = spawn(command, args, { cwd: root, stdio: "inherit", shell, ...options });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** Runs the workspace's own pnpm, which need not be installed. */
export function pnpm(...args) {
  return run("npx", ["-y", packageManager, ...args]);
}

/** Installs what the lockfile says, unless that was done before. */
export async function install() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "pnpm-lock.yaml")))
    .update(readFileSync(join(root, "pnpm-workspace.yaml")))
    .digest("hex");
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("Installing dependencies; this takes a minute the first time.");
  const code = await pnpm("install", "--frozen-lockfile", "--loglevel=error");
  if (code !== 0) throw new Error(`pnpm install ended with ${code}.`);
  writeFileSync(stamp, wanted);
}
