import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/**
 * When a process was started, as text that only makes sense to compare: another process that gets the same id has
 * another start. `undefined` if there is no such process, or only its exit code is left to be read.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === "linux") return await fromProc(pid);
    return await (process.platform === "win32" ? fromPowerShell(pid) : fromPs(pid));
  } catch {
    return undefined;
  }
}

const execute = promisify(execFile);

async function fromProc(pid: number): Promise<string | undefined> {
  const [stat, boot] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
  ]);
  // The second field is the name in parentheses, which may hold spaces and parentheses itself.
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return "ZX".includes(state) ? undefined : `${boot.trim()}:${fields[18]}`;
}

async function fromPs(pid: number): Promise<string | undefined> {
  const options = { env: { ...process.env, LC_ALL: "C", TZ: "UTC" } };
  const { stdout } = await execute("ps", ["-o", "stat=,lstart=", "-p", String(pid)], options);
  const [state = "", ...start] = stdout.trim().split(/\s+/);
  return state === "" || state.startsWith("Z") ? undefined : start.join(" ");
}

async function fromPowerShell(pid: number): Promise<string | undefined> {
  const command = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`;
  const { stdout } = await execute("powershell", ["-NoProfile", "-NonInteractive", "-Command", command]);
  return stdout.trim() || undefined;
}
