// Servers that tests need and that no package of the registry brings along.
import { spawnSync } from "node:child_process";
import { run } from "./workspace.mjs";

/**
 * Sees to it that there is a `redis-server`; installs Debian's where it may. With `REDIS_URL` set nothing is installed:
 * tests that start servers of their own, to stop and break them, need the program all the same, and say so.
 */
export async function ensureRedis() {
  if (has("redis-server", "--version")) return;
  if (process.env.REDIS_URL) {
    console.log(
      "There is no redis-server, and REDIS_URL is set: tests that start one of their own will fail.",
    );
    return;
  }
  const advice =
    "Install Redis, so that redis-server is on the PATH: `apt-get install redis-server`, `brew install redis`.";
  if (process.getuid?.() !== 0 || !has("apt-get", "--version")) throw new Error(advice);
  console.log("Installing Debian's redis-server.");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env });
  const code = await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "redis-server"], {
    env,
  });
  if (code !== 0 || !has("redis-server", "--version")) throw new Error(advice);
}

function has(command, ...args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
