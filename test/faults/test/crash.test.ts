import { expect, test } from "vitest";
import { type BackendName, backendNames, startBackend } from "../src/backend.ts";
import { crash } from "../src/crash.ts";

const KILLS = 100;

test.concurrent.each(backendNames)(
  `with %s, a server that is killed ${KILLS} times loses nothing that a client has seen`,
  async (name: BackendName) => {
    const backend = await startBackend(name);
    try {
      const report = await crash({ backend, kills: KILLS, clients: 6, seed: 20_260 });
      expect(report.findings).toEqual([]);
      // That it was about something: runs that were cut, some of which ended, and some of which could not.
      expect(report.returns).toBeGreaterThan(KILLS);
      expect(report.ends.completed).toBeGreaterThan(10);
      expect(report.ends.failed).toBeGreaterThan(10);
    } finally {
      await backend.stop();
    }
  },
  600_000,
);
