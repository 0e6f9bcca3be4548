import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { SnippetProject } from "./documents/snippet-project.ts";
import { snippetsOf } from "./documents/snippets.ts";

const packages = join(import.meta.dirname, "..", "packages");
const fromSource = ["--conditions=@agentscope-runtime/source"];

// The first example of each is a server, the second one its client: in TypeScript, or a command.
it.for(["protocols-openai", "protocols-a2a", "protocols-ag-ui", "protocols-mcp"])(
  "has a README of %s whose server answers its client",
  { timeout: 60_000 },
  async (name) => {
    const [install, server = "", client = ""] = await snippetsOf(
      join(packages, name, "README.md"),
      "ts",
      "sh",
    );
    expect(install).toContain("npm install");
    await using project = await SnippetProject.create();
    const port = await freePort();
    const at = (code: string) => code.replaceAll("8090", String(port));
    const serving = spawn(process.execPath, [...fromSource, await project.write("server.ts", at(server))]);
    try {
      await listening(serving);
      const answer = client.startsWith("curl")
        ? await promisify(execFile)("sh", ["-ec", at(client)])
        : await promisify(execFile)(process.execPath, [
            ...fromSource,
            await project.write("client.ts", at(client)),
          ]);
      expect(answer.stdout).toContain("Hello!");
    } finally {
      const exit = once(serving, "exit");
      if (serving.exitCode === null && serving.kill()) await exit;
    }
  },
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Resolves once a server says that it listens; rejects with what it has said where it ends before. */
async function listening(server: ChildProcess): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const hear = (text: Buffer) => {
      said += text;
      if (said.includes("listens at")) resolve();
    };
    server.stdout?.on("data", hear);
    server.stderr?.on("data", hear);
    server.once("exit", () => reject(new Error(said)));
  });
}
