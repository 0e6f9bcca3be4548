// `npm start`: installs what is missing and serves the quick start until it is told to end. An argument names another of
// its programs.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { install, node, root } from "./workspace.mjs";

await install();
const server = spawn(
  node,
  [
    "--conditions=@agentscope-runtime/source",
    ...(process.argv.length > 2 ? process.argv.slice(2) : ["src/main.ts"]),
  ],
  {
    cwd: join(root, "apps", "quickstart"),
    stdio: "inherit",
    // In a group of its own: a terminal sends its signals to everybody in the group, and npm passes them on once more,
    // but a second signal means "at once" to the server.
    detached: process.platform !== "win32",
  },
);
server.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)));

let last = Number.NEGATIVE_INFINITY;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    const now = performance.now();
    if (now - last > 500) server.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
    last = now;
  });
}
