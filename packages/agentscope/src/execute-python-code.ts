import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { PYTHON_SUPERVISOR } from "./python-supervisor.ts";
import { type ProcessResult, type RunProcessOptions, runProcess } from "./run-process.ts";
import type { Tool } from "./tool/tool.ts";
import type { ToolResponse } from "./tool/tool-response.ts";

export interface ExecutePythonCodeOptions {
  /** The interpreter, a path or a command on `PATH`. Defaults to `python3`, else `python`. */
  readonly python?: string | undefined;
  /** Seconds code may run unless the model asks for another time. Defaults to 300. */
  readonly timeout?: number | undefined;
  /** The most seconds the model may ask for. Defaults to 600, or to `timeout` where that is more. */
  readonly maxTimeout?: number | undefined;
  /** Bytes shown to the model of each of stdout and stderr: their beginning and their end. Defaults to 64 KiB. */
  readonly maxOutputBytes?: number | undefined;
  /**
   * Bytes of address space each process may take, past which Python raises `MemoryError`. Linux only. Defaults
   * to 2 GiB; libraries that start a thread per core may need more.
   */
  readonly memoryLimit?: number | undefined;
  /** Bytes a file may grow to, past which writing fails with `OSError`. Not on Windows. Defaults to 1 GiB. */
  readonly maxFileBytes?: number | undefined;
  /** Variables the code sees beside `PATH`, `HOME`, `TMPDIR` and the language settings. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

type Parameters = z.ZodObject<{ code: z.ZodString; timeout: z.ZodDefault<z.ZodNumber> }>;

/**
 * Returns the tool `execute_python_code` with limits of your choice.
 *
 * Code runs in a process of its own, in a temporary directory that is its `HOME` and is removed afterwards, with
 * an environment that holds nothing of the server's but `PATH`. On timeout, on abort, when the code has ended and
 * when the server dies, every process it started is killed; on Linux that includes those that left the process
 * group. Code that has ended is answered as `success` whatever its return code; a timeout, too much output or a
 * missing interpreter is an `error`, an abort is `interrupted`, each with the output so far.
 *
 * This keeps accidents small; it is no sandbox. The code has the rights of the server's user: the network, its files,
 * and on Linux `/proc/<pid of the server>/environ`, where it can read every API key the server was started with. A
 * container around the server protects the machine, not those keys. Code you do not trust needs a tool of your own
 * that runs it as another user or in a container of its own. On Windows only time and output are limited, and only
 * the interpreter is killed.
 */
export function createExecutePythonCode(options: ExecutePythonCodeOptions = {}): Tool<Parameters> {
  const { timeout = 300, maxTimeout = Math.max(600, timeout) } = options;
  return {
    name: "execute_python_code",
    description:
      "Runs Python code in a new process and returns its return code, standard output and standard error. " +
      "Only what the code prints is returned, so print the result. Every call starts afresh in a new " +
      "temporary directory; neither variables nor files are kept for the next call.",
    parameters: z.object({
      code: z.string().describe("The Python code to run."),
      timeout: z
        .number()
        .positive()
        .max(maxTimeout)
        .default(Math.min(timeout, maxTimeout))
        .describe("The most seconds the code may run."),
    }),
    execute: ({ code, timeout }, { signal }) => executeCode(code, timeout, signal, options),
  };
}

/** The tool `execute_python_code` with the default limits of {@link createExecutePythonCode}. */
export const executePythonCode: Tool<Parameters> = createExecutePythonCode();

async function executeCode(
  code: string,
  timeout: number,
  signal: AbortSignal,
  options: ExecutePythonCodeOptions,
): Promise<ToolResponse> {
  const directory = await mkdtemp(join(tmpdir(), "execute-python-code-"));
  try {
    const script = join(directory, "main.py");
    await writeFile(script, code);
    const result = await runScript(script, directory, timeout, signal, options);
    return result === undefined ? missingPython(options) : toResponse(result, timeout);
  } finally {
    // Directories the code has locked stay behind; the answer matters more.
    await rm(directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

/** Resolves to `undefined` when no interpreter is found. */
async function runScript(
  script: string,
  directory: string,
  timeout: number,
  signal: AbortSignal,
  options: ExecutePythonCodeOptions,
): Promise<ProcessResult | undefined> {
  const { memoryLimit = 2 * GIB, maxFileBytes = GIB, maxOutputBytes = 64 * KIB } = options;
  const env = environment(directory, options);
  const limits = {
    timeout: timeout * 1000,
    keepOutputBytes: maxOutputBytes,
    maxOutputBytes: Math.max(OUTPUT_LIMIT, maxOutputBytes),
    signal,
  };
  for (const python of pythonCommands(options)) {
    try {
      if (process.platform === "win32") {
        return await runProcess(python, ["-u", script], { ...limits, env, cwd: directory });
      }
      const { HOME: home = directory } = env;
      // Version managers put a script in place of python3 that looks for its settings in the real home.
      const supervised: RunProcessOptions = {
        ...limits,
        env: { ...env, ...fromServer("HOME") },
        watchesStdin: true,
      };
      const args = [directory, home, String(memoryLimit), String(maxFileBytes), script];
      return await runProcess(python, ["-I", "-S", "-c", PYTHON_SUPERVISOR, ...args], supervised);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return undefined;
}

function environment(directory: string, { env }: ExecutePythonCodeOptions): Record<string, string> {
  return {
    ...fromServer("PATH"),
    // Windows programs do not start without it.
    ...fromServer("SYSTEMROOT"),
    HOME: directory,
    TMPDIR: directory,
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    PYTHONUTF8: "1",
    PYTHONIOENCODING: "utf-8",
    PYTHONDONTWRITEBYTECODE: "1",
    ...env,
  };
}

function fromServer(name: string): Record<string, string> {
  const value = process.env[name];
  return value === undefined ? {} : { [name]: value };
}

function pythonCommands({ python }: ExecutePythonCodeOptions): readonly string[] {
  return python === undefined ? ["python3", "python"] : [python];
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function missingPython(options: ExecutePythonCodeOptions): ToolResponse {
  const commands = pythonCommands(options).join(" or ");
  const text =
    `Error: Python code cannot run here, because ${commands} was not found. ` +
    "Install Python 3 and make sure it is on PATH, or name the interpreter with the option `python` of createExecutePythonCode.";
  return { content: [{ type: "text", text }], state: "error" };
}

function toResponse({ end, returnCode, stdout, stderr }: ProcessResult, timeout: number): ToolResponse {
  const answer = (errors: string): string =>
    `<returncode>${returnCode}</returncode><stdout>${unframed(stdout)}</stdout><stderr>${unframed(errors)}</stderr>`;
  switch (end) {
    case "exited":
      return { content: [{ type: "text", text: answer(stderr) }], state: "success" };
    case "aborted": {
      const text = `${answer(stderr)}\n<system-info>The code execution has been interrupted.</system-info>`;
      return { content: [{ type: "text", text }], state: "interrupted" };
    }
    case "timeout": {
      const line = `TimeoutError: The code execution exceeded the timeout of ${timeout} seconds.`;
      return { content: [{ type: "text", text: answer(withLine(stderr, line)) }], state: "error" };
    }
    case "output": {
      const line = "OutputLimitError: The code execution was stopped because it wrote too much output.";
      return { content: [{ type: "text", text: answer(withLine(stderr, line)) }], state: "error" };
    }
  }
}

// What the code prints must not pass for a part of the frame around it.
function unframed(output: string): string {
  return output.replace(FRAME_TAG, "&lt;");
}

const FRAME_TAG = /<(?=\s*(?:\/\s*)?(?:returncode|stdout|stderr|system-info)\s*>)/gi;

function withLine(text: string, line: string): string {
  return text === "" || text.endsWith("\n") ? text + line : `${text}\n${line}`;
}

const KIB = 1024;
const GIB = 1024 ** 3;
/** Bytes a stream may carry before the code is taken for a runaway. */
const OUTPUT_LIMIT = 64 * 1024 * KIB;
