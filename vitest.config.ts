import { defineConfig } from "vitest/config";

// No "import" or "module" among them: `require` inside a dependency would get its ES modules, too.
const conditions = ["@agentscope-runtime/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["test/**/*.test.ts", "packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"],
    testTimeout: 15_000,
  },
});
