import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Gives paths of files that don't exist yet, each in a folder of its own; all are removed after the test file. */
export function temporaryFiles(): () => Promise<string> {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "services-sqlite-"));
    folders.push(folder);
    return join(folder, "data.db");
  };
}

/** Remembers which file each service was made for, so that another can be opened over it. */
export class Reopening<S extends object, Options extends object> {
  readonly #paths = new WeakMap<S, string>();
  readonly #nextPath: () => Promise<string>;
  readonly #make: (options: Options & { readonly path: string }) => S;

  constructor(nextPath: () => Promise<string>, make: (options: Options & { readonly path: string }) => S) {
    this.#nextPath = nextPath;
    this.#make = make;
  }

  readonly create = async (options?: Options): Promise<S> => this.#over(await this.#nextPath(), options);

  readonly reopen = (service: S): S => this.#over(this.#paths.get(service) as string);

  #over(path: string, options?: Options): S {
    const service = this.#make({ ...(options as Options), path });
    this.#paths.set(service, path);
    return service;
  }
}
