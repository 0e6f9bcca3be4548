import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { RuntimeError } from "@agentscope-runtime/core";
import { z } from "zod";

/** Records by id: ours, and others' that are none of our business and stay as they are. */
export type Deployments = Record<string, unknown>;

/** The file of all deployments: one JSON object, for its owner's eyes only, safe to share between processes. */
export class DeploymentsFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Rejects with `CONFIGURATION_ERROR` if the file is there, but not what we take it for. */
  async read(): Promise<Deployments> {
    return (await this.#load()).deployments;
  }

  /** Writes what `change` makes of the deployments, while nobody else writes. */
  async update<Result>(change: (deployments: Deployments) => Result | Promise<Result>): Promise<Result> {
    // Not before they are needed: the lock hooks into the signals of the process as soon as it is imported.
    const { default: writeFileAtomic } = await import("write-file-atomic");
    await using lock = await this.#lock();
    const content = await this.#load();
    const result = await change(content.deployments);
    lock.check();
    // Synced to the disk and renamed: a reader sees all of it or nothing.
    await writeFileAtomic(this.path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    return result;
  }

  async #load(): Promise<{ deployments: Deployments }> {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error) {
      if (isNodeError(error, "ENOENT"))
        return { version: "1.0", deployments: {} } as { deployments: Deployments };
      throw this.#problem("can't be read", error);
    }
    try {
      const content: unknown = JSON.parse(text);
      Content.parse(content);
      // Not what was parsed: a copy could lose what the schema does not know.
      return content as { deployments: Deployments };
    } catch (error) {
      throw this.#problem("is no deployments file of version 1.0: repair it, or move it away", error);
    }
  }

  async #lock(): Promise<AsyncDisposable & { check(): void }> {
    const { lock } = await import("proper-lockfile");
    let lost: Error | undefined;
    try {
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      const release = await lock(this.path, {
        realpath: false,
        stale: STALE,
        retries: { retries: 2 * (STALE / RETRY), factor: 1, minTimeout: RETRY, maxTimeout: RETRY },
        onCompromised: (error) => {
          lost = error;
        },
      });
      return {
        check: () => {
          if (lost !== undefined)
            throw this.#problem("was locked by another process meanwhile", lost, "TIMEOUT");
        },
        [Symbol.asyncDispose]: async () => {
          if (lost === undefined) await release();
        },
      };
    } catch (error) {
      if (isNodeError(error, "ELOCKED"))
        throw this.#problem("stays locked by another process", error, "TIMEOUT");
      throw this.#problem("can't be written", error);
    }
  }

  #problem(what: string, cause: unknown, code: "CONFIGURATION_ERROR" | "TIMEOUT" = "CONFIGURATION_ERROR") {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    return new RuntimeError(code, `${this.path} ${what}. (${reason})`, { cause });
  }
}

/** A lock that was not renewed for so long belongs to a process that has died, in milliseconds. */
const STALE = 5000;
const RETRY = 50;

const Content = z.object({ version: z.literal("1.0"), deployments: z.record(z.string(), z.unknown()) });

function isNodeError(error: unknown, code: string): boolean {
  return error instanceof Error && Reflect.get(error, "code") === code;
}
