import { execFileSync } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type RunProcessOptions, runProcess } from "../src/run-process.ts";

const limits = (signal = new AbortController().signal): RunProcessOptions => ({
  env: { PATH: process.env.PATH ?? "" },
  timeout: 10_000,
  keepOutputBytes: 1000,
  maxOutputBytes: 10_000,
  signal,
});

const sh = (script: string, options: Partial<RunProcessOptions> = {}) =>
  runProcess("sh", ["-c", script], { ...limits(), ...options });

/** A pipe the script opens as fd 9, and when the last process that holds it is gone. */
async function lifeline(): Promise<{ open: string; gone: Promise<unknown> }> {
  const directory = await mkdtemp(join(tmpdir(), "run-process-test-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = createReadStream(path).resume();
  return { open: `exec 9>'${path}'`, gone: once(reader, "end") };
}

test("resolves with what the process wrote and how it ended", async () => {
  const result = await sh("echo out; echo err >&2; exit 4");
  expect(result).toEqual({ end: "exited", returnCode: 4, stdout: "out\n", stderr: "err\n" });
  expect((await sh("kill -9 $$")).returnCode).toBe(-9);
});

test("gives the process the named environment and nothing else", async () => {
  const { stdout } = await sh('echo "$HOME-$NAMED"', { env: { PATH: process.env.PATH ?? "", NAMED: "yes" } });
  expect(stdout).toBe("-yes\n");
});

test("kills the whole group on timeout", async () => {
  const began = performance.now();
  const { open, gone } = await lifeline();
  const result = await sh(`${open}; echo begun; sleep 30 & sleep 30`, { timeout: 300 });
  expect(performance.now() - began).toBeLessThan(5000);
  expect(result).toEqual({ end: "timeout", returnCode: -1, stdout: "begun\n", stderr: "" });
  await gone;
});

test("kills a command that should watch its stdin and does not", async () => {
  const began = performance.now();
  const { open, gone } = await lifeline();
  const { end } = await sh(`${open}; sleep 30 & sleep 30`, { timeout: 300, watchesStdin: true });
  expect(performance.now() - began).toBeLessThan(5000);
  expect(end).toBe("timeout");
  await gone;
});

test("kills what the process left running in its group", async () => {
  const { open, gone } = await lifeline();
  const { end } = await sh(`${open}; sleep 30 &`);
  expect(end).toBe("exited");
  await gone;
});

test("does not wait for a process that left the group with the pipes", async () => {
  const script =
    "const { spawn } = require('node:child_process'); " +
    "const child = spawn('sleep', ['30'], { detached: true, stdio: 'inherit' }); console.log(child.pid); child.unref();";
  const began = performance.now();
  const { end, stdout } = await runProcess(process.execPath, ["-e", script], limits());
  process.kill(Number(stdout));
  expect(performance.now() - began).toBeLessThan(5000);
  expect(end).toBe("exited");
});

test("kills a process that writes too much", async () => {
  const { end, stdout } = await sh("while :; do echo again; done");
  expect(end).toBe("output");
  expect(stdout).toContain("left out");
});

test("takes its listener off the signal", async () => {
  const { signal } = new AbortController();
  await sh("true", { signal });
  await expect(runProcess("no-such-command", [], limits(signal))).rejects.toThrow("ENOENT");
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("counts a timeout longer than a timer can as no shorter", async () => {
  expect((await sh("true", { timeout: Number.POSITIVE_INFINITY })).end).toBe("exited");
});
