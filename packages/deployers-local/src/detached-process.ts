import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { RuntimeError } from "@agentscope-runtime/core";
import { type BootstrapOptions, BootstrapReport, type KeepMessage } from "./bootstrap-messages.ts";
import { healthInstance } from "./health-instance.ts";
import { inheritableExecArgv } from "./inheritable-exec-argv.ts";
import { killGroup } from "./kill-group.ts";
import { lastLines } from "./last-lines.ts";
import { listenProblem } from "./listen-problem.ts";

export interface DetachedProcessOptions {
  readonly bootstrap: BootstrapOptions;
  readonly logFile: string;
  readonly execArgv: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
}

export interface ReadyOptions {
  readonly startupTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** A process of its own that starts to serve an app. Ends with this one until it is told to stay. */
export class DetachedProcess {
  readonly #child: ChildProcess;
  readonly #options: DetachedProcessOptions;
  readonly #report = Promise.withResolvers<BootstrapReport>();
  readonly #spawned = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  private constructor(child: ChildProcess, options: DetachedProcessOptions) {
    this.#child = child;
    this.#options = options;
    child
      .on("spawn", this.#spawned.resolve)
      .on("error", this.#spawned.reject)
      .on("exit", () => this.#ended.resolve())
      .on("disconnect", this.#released.resolve)
      .on("message", (message) => {
        // The app may have something to say to whoever started it, too.
        const report = BootstrapReport.safeParse(message);
        if (report.success) this.#report.resolve(report.data);
      });
  }

  static async start(options: DetachedProcessOptions): Promise<DetachedProcess> {
    const { bootstrap, logFile, execArgv = inheritableExecArgv(process.execArgv), env } = options;
    if (process.argv[1] === BOOTSTRAP && process.connected) {
      throw problem("Importing an entry starts nothing, but this one deploys while it is imported.");
    }
    try {
      await mkdir(dirname(logFile), { recursive: true, mode: 0o700 });
      await using log = await open(logFile, "ax", 0o600);
      const child = spawn(process.execPath, [...execArgv, BOOTSTRAP, JSON.stringify(bootstrap)], {
        detached: true,
        windowsHide: true,
        stdio: ["ignore", log.fd, log.fd, "ipc"],
        ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
      });
      const started = new DetachedProcess(child, options);
      await started.#spawned.promise;
      return started;
    } catch (error) {
      throw problem(`${bootstrap.entry} can't be started: ${(error as Error).message}`, error);
    }
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves to the URL once the app answers there; else rejects with the last lines of the log. */
  async ready({ startupTimeout, signal }: ReadyOptions): Promise<string> {
    const { bootstrap, logFile } = this.#options;
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    const onAbort = () => giveUp(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    const late = `${bootstrap.entry} did not answer within ${startupTimeout} ms.`;
    const timer = setTimeout(() => giveUp(new RuntimeError("TIMEOUT", late)), startupTimeout);
    const asking = new AbortController();
    this.#ended.promise.then(() => giveUp(this.#end()));
    try {
      const url = await Promise.race([this.#listening(), givenUp]);
      await Promise.race([answersAs(bootstrap.instance, url, asking.signal), givenUp]);
      return url;
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      const lines = await lastLines(logFile);
      const end =
        lines.length === 0 ? `Its log is empty: ${logFile}` : `The end of ${logFile}:\n${lines.join("\n")}`;
      const details = { log_file: logFile, last_lines: lines };
      throw new RuntimeError(error.code, `${error.message}\n${end}`, { details, cause: error.cause });
    } finally {
      clearTimeout(timer);
      asking.abort();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Lets it outlive this process, and this process end before it. */
  async keep(): Promise<void> {
    if (this.#child.connected) {
      const message: KeepMessage = "agentscope:keep";
      this.#child.send(message, () => undefined);
      await Promise.race([this.#released.promise, this.#ended.promise, unhurried(KEEP_GRACE)]);
      if (this.#child.connected) this.#child.disconnect();
    }
    if (this.#hasEnded()) throw this.#end();
    this.#child.unref();
  }

  /** Ends it and what it has started. */
  async kill(): Promise<void> {
    if (!this.#hasEnded()) {
      this.#child.kill("SIGTERM");
      await Promise.race([this.#ended.promise, unhurried(TERM_GRACE)]);
    }
    killGroup(this.pid);
    await this.#ended.promise;
  }

  async #listening(): Promise<string> {
    const { entry, host, port } = this.#options.bootstrap;
    const report = await this.#report.promise;
    if (report.agentscope === "listening") return report.url;
    switch (report.step) {
      case "import":
        throw problem(`${entry} can't be imported: ${report.message}`);
      case "export":
        throw problem(`${entry} can't be deployed. ${report.message}`);
      case "run":
        throw problem(listenProblem(report, { host, port }));
    }
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #end(): RuntimeError {
    const { exitCode, signalCode } = this.#child;
    const how = signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;
    return problem(`${this.#options.bootstrap.entry} has ended too early, ${how}.`);
  }
}

// Beside this module: in TypeScript where that runs from source, else built.
const BOOTSTRAP = fileURLToPath(new URL(`./bootstrap${extname(import.meta.url)}`, import.meta.url));

// In milliseconds. A start that has failed has no runs to drain.
const TERM_GRACE = 2000;
const KEEP_GRACE = 5000;
const ASK_AGAIN = 50;

// Holds nothing up that is done before.
function unhurried(milliseconds: number): Promise<void> {
  return delay(milliseconds, undefined, { ref: false });
}

function problem(message: string, cause?: unknown): RuntimeError {
  return new RuntimeError("CONFIGURATION_ERROR", message, { cause });
}

/** Resolves once `/health` shows the instance. One that shows another belongs to somebody else. */
async function answersAs(instance: string, url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if ((await healthInstance(url, signal)) === instance) return;
    } catch {
      await delay(ASK_AGAIN);
      continue;
    }
    throw problem(`Another server answers at ${url}: choose another port.`);
  }
}
