import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorStatus } from "@agentscope-runtime/agent-api";
import { expect, it } from "vitest";

it("explains every error code, with its HTTP status, in docs/errors.md, and no other", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/errors.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \| \S.*\|$/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  expect(rows.length).toBe(Object.keys(errorStatus).length);
  expect(Object.fromEntries(rows)).toEqual(errorStatus);
});
