import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { Redis } from "ioredis";
import { expect, it, vi } from "vitest";

const client = (port: number) => {
  const client = new Redis({ port, lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => undefined);
  return client;
};

it("keeps its port and its data when it is restarted, even after it was killed", async () => {
  await using server = await RedisServer.start();
  const first = client(server.port);
  await first.set("key", "value");
  await server.kill();
  await server.restart();
  const second = client(server.port);
  expect(await second.get("key")).toBe("value");
  await server.restart();
  const third = client(server.port);
  expect(await third.get("key")).toBe("value");
  third.disconnect();
});

it("ends, and its data with it, when the process that started it is killed", async () => {
  const program = `
    import { RedisServer } from "@agentscope-runtime/test-servers";
    const { port } = await RedisServer.start();
    console.log(port);
    setInterval(() => {}, 1000);
  `;
  const child = spawn(
    process.execPath,
    ["--conditions=@agentscope-runtime/source", "--input-type=module", "--eval", program],
    { cwd: join(import.meta.dirname, ".."), stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = await once(child.stdout, "data");
  const port = Number(line);
  const running = client(port);
  const [, folder = ""] = (await running.config("GET", "dir")) as string[];
  expect(existsSync(folder)).toBe(true);
  child.kill("SIGKILL");
  await vi.waitFor(() => expect(running.status).toBe("end"));
  await expect(client(port).connect()).rejects.toThrow();
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false));
});
