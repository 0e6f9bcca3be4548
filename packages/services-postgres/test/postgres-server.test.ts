import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { expect, it } from "vitest";

it.each([
  "process.kill(process.pid, 'SIGKILL')",
  "process.exit(0)",
  "await server.pause(); process.kill(process.pid, 'SIGKILL')",
  "",
])("has a server for tests that ends with its process: %j", async (end) => {
  const program = `
      import { PostgresServer } from "@agentscope-runtime/test-servers";
      const server = await PostgresServer.start();
      console.log(server.url);
      await new Promise((resolve) => process.stdin.once("data", resolve));
      process.stdin.unref();
      ${end}`;
  const child = spawn(
    process.execPath,
    ["--conditions=@agentscope-runtime/source", "--input-type=module-typescript", "--eval", program],
    { stdio: ["pipe", "pipe", "inherit"], cwd: import.meta.dirname },
  );
  const [url] = (await once(createInterface(child.stdout), "line")) as [string];
  expect(await isReachable(url)).toBe(true);
  child.stdin.write("\n");
  await once(child, "exit");
  await expect.poll(() => isReachable(url), { timeout: 5000 }).toBe(false);
});

async function isReachable(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 1000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
