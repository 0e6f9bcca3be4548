import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const SERVE = fileURLToPath(new URL("../fixtures/serve.ts", import.meta.url));

/** The app of `fixtures/serve.ts` in a process of its own. */
export class ChildApp {
  readonly lines: string[] = [];
  stderr = "";
  readonly #process: ChildProcess;
  readonly #output: Interface;
  readonly #exit: Promise<unknown[]>;

  constructor(...options: readonly string[]) {
    this.#process = spawn(process.execPath, ["--conditions=@agentscope-runtime/source", SERVE, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#exit = once(this.#process, "close");
    this.#output = createInterface(this.#process.stdout as NodeJS.ReadableStream);
    this.#output.on("line", (line) => this.lines.push(line));
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    onTestFinished(() => void this.#process.kill("SIGKILL"));
  }

  /** Resolves to the line that fits, once it was said. */
  async said(fits: RegExp): Promise<string> {
    for (;;) {
      const line = this.lines.find((known) => fits.test(known));
      if (line !== undefined) return line;
      await Promise.race([
        once(this.#output, "line"),
        this.#exit.then(() => {
          throw new Error(
            `The app has ended and did not say ${fits}: ${this.lines.join("\n")}\n${this.stderr}`,
          );
        }),
      ]);
    }
  }

  get url(): Promise<string> {
    return this.said(/^http:/);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** How the process ended: `code 0`, or `signal SIGTERM`. */
  async end(): Promise<string> {
    const [code, signal] = await this.#exit;
    return code === null ? `signal ${signal}` : `code ${code}`;
  }
}
