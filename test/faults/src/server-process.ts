import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Backend } from "./backend.ts";

const SERVER = fileURLToPath(new URL("./server.ts", import.meta.url));

export interface ServerProcessOptions {
  /** 0 takes any that is free. */
  readonly port?: number | undefined;
  /** In milliseconds. */
  readonly leaseTtl?: number | undefined;
  /** Whether it only accepts runs, or executes them. Does both without it. */
  readonly role?: "web" | "worker" | undefined;
}

/** A server in a process of its own. */
export class ServerProcess {
  readonly url: string;
  readonly lines: string[];
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(url: string, lines: string[], process: ChildProcess, exit: Promise<unknown>) {
    this.url = url;
    this.lines = lines;
    this.#process = process;
    this.#exit = exit;
  }

  /** Resolves once it listens; rejects with what it said if it ends before. */
  static async start(
    { name, location }: Backend,
    { port = 0, leaseTtl = 400, role }: ServerProcessOptions = {},
  ): Promise<ServerProcess> {
    const args = ["--conditions=@agentscope-runtime/source", "--no-warnings", SERVER, name, location];
    const child = spawn(
      process.execPath,
      [...args, String(port), String(leaseTtl), ...(role === undefined ? [] : [role])],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const exit = once(child, "close");
    // However this process ends, the server shall not stay.
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    exit.then(() => process.off("exit", end));
    const lines: string[] = [];
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const url = Promise.withResolvers<string>();
    createInterface(child.stdout).on("line", (line) => {
      lines.push(line);
      if (line.startsWith("http:")) url.resolve(line);
    });
    exit.then(() => url.reject(new Error(`The server has ended: ${lines.join("\n")}\n${errors}`)));
    return new ServerProcess(await url.promise, lines, child, exit);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  pause(): void {
    this.#process.kill("SIGSTOP");
  }

  resume(): void {
    this.#process.kill("SIGCONT");
  }

  /** Ends it as the end of power would. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exit;
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#exit;
  }
}
