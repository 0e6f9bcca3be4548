import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the source runs where `using` is not known, as on Node 22", async () => {
  const program = `
    import { ReActAgent } from "@agentscope-runtime/agentscope";
    console.log(ReActAgent.name);`;
  const args = [
    "--no-js-explicit-resource-management",
    "--conditions=@agentscope-runtime/source",
    "--input-type=module",
    "-e",
    program,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  expect(stdout.trim()).toBe("ReActAgent");
});
