import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { LocalDeployManager, type LocalDeployManagerOptions } from "@agentscope-runtime/deployers-local";
import { onTestFinished } from "vitest";

/** A deployment as it stands in the file. */
export interface StoredRecord {
  readonly url: string;
  readonly status: string;
  readonly config: {
    readonly pid: number;
    readonly process_start: string;
    readonly hostname: string;
    readonly log_file: string;
  };
}

/** Records and logs in a directory of its own. Whatever is on record when the test is over is killed. */
export class State {
  readonly directory: string;
  readonly file: string;
  readonly pidFile: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.file = join(directory, "state", "deployments.json");
    this.pidFile = join(directory, "pid");
  }

  static async create(): Promise<State> {
    const state = new State(await mkdtemp(join(tmpdir(), "deployers-local-")));
    onTestFinished(() => state.#clean());
    return state;
  }

  manager(options: LocalDeployManagerOptions = {}): LocalDeployManager {
    return new LocalDeployManager({ port: 0, stateFile: this.file, execArgv: EXEC_ARGV, ...options });
  }

  async records(): Promise<Record<string, StoredRecord>> {
    return JSON.parse(await readFile(this.file, "utf8")).deployments;
  }

  async record(deployId: string): Promise<StoredRecord> {
    const record = (await this.records())[deployId];
    if (record === undefined) throw new Error(`${deployId} is not on record.`);
    return record;
  }

  async write(deployments: Readonly<Record<string, unknown>>): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    await writeFile(this.file, JSON.stringify({ version: "1.0", deployments }));
  }

  /** The process that a fixture told of. */
  async pid(): Promise<number> {
    return Number(await readFile(this.pidFile, "utf8"));
  }

  async #clean(): Promise<void> {
    const records = (await this.records().catch(() => undefined)) ?? {};
    for (const { config } of Object.values(records)) if (config?.pid > 1) kill(config.pid);
    await this.pid().then(kill, () => undefined);
    await rm(this.directory, { recursive: true, force: true });
  }
}

export const EXEC_ARGV: readonly string[] = ["--conditions=@agentscope-runtime/source"];

export function fixture(name: string): URL {
  return new URL(`../fixtures/${name}`, import.meta.url);
}

/** The permissions of a file, such as `600`. */
export async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

/** True for a process that has not ended. One that nobody has asked for its exit code has ended. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat !== undefined) return !/\) [ZX] /.test(stat);
  try {
    return process.platform !== "linux" && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  for (const id of [-pid, pid]) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It is not there any more.
    }
  }
}
