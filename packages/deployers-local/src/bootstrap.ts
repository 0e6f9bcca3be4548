// The main module of a detached deployment: imports an entry and runs the app that it exports.
import { inspect } from "node:util";
import type { BootstrapOptions, BootstrapReport, KeepMessage } from "./bootstrap-messages.ts";

interface RunnableApp {
  listen(options: object): Promise<unknown>;
  run(options: object): Promise<{ readonly url: string }>;
}

const { entry, exportName, host, port, instance } = JSON.parse(process.argv[2] ?? "{}") as BootstrapOptions;
const KEEP: KeepMessage = "agentscope:keep";

let kept = false;
process.on("message", (message) => {
  if (message !== KEEP) return;
  kept = true;
  process.disconnect();
});
// Who started this has died before it was on record: nobody could stop it any more.
process.once("disconnect", () => {
  if (!kept) process.exit(1);
});

let step: "import" | "export" | "run" = "import";
try {
  const module: object = await import(entry);
  step = "export";
  const app = appOf(module);
  step = "run";
  const { url } = await app.run({ host, port, instance });
  report({ agentscope: "listening", url });
} catch (error) {
  process.stderr.write(`${inspect(error)}\n`);
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  // Ending here could overtake the report: who gets it ends this process.
  report({ agentscope: "failed", step, message, code });
}

function appOf(module: object): RunnableApp {
  const value: unknown = Reflect.get(module, exportName);
  if (isApp(value)) return value;
  const others = Object.entries(module).flatMap(([name, other]) =>
    isApp(other) ? [JSON.stringify(name)] : [],
  );
  const hint = others.length === 0 ? "no app at all" : `an app as ${others.join(", ")}`;
  throw new Error(`It exports no app as ${JSON.stringify(exportName)}, but ${hint}.`);
}

function isApp(value: unknown): value is RunnableApp {
  if (typeof value !== "object" || value === null) return false;
  return ["listen", "run"].every((method) => typeof Reflect.get(value, method) === "function");
}

function report(message: BootstrapReport): void {
  if (process.connected) process.send?.(message, () => undefined);
  else process.exit(1);
}
