import { RuntimeError, type Service } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";

/** Registers what holds for the life of every service. */
export function lifecycleCases<S extends Service>(
  create: () => Promise<S> | S,
  calls: Readonly<Record<string, (service: S) => Promise<unknown>>>,
): void {
  describe("life", () => {
    it("is healthy from start to stop", async () => {
      const service = await create();
      expect(await healthOf(service)).toBe(false);
      await service.start();
      expect(await healthOf(service)).toBe(true);
      await service.stop();
      expect(await healthOf(service)).toBe(false);
    });

    it("bears being started twice and stopped twice, and works again after a restart", async () => {
      const service = await create();
      await service.stop();
      await service.start();
      await service.start();
      await service.stop();
      await service.stop();
      await service.start();
      expect(await healthOf(service)).toBe(true);
      for (const call of Object.values(calls)) await call(service).catch(passRuntimeError);
      await service.stop();
    });

    it.each(Object.entries(calls))("refuses %s while it is not started", async (_name, call) => {
      const refusal = { code: "SERVICE_NOT_STARTED", message: expect.stringContaining("call start() first") };
      const service = await create();
      await expect(call(service)).rejects.toMatchObject(refusal);
      await service.start();
      await service.stop();
      await expect(call(service)).rejects.toMatchObject(refusal);
    });
  });
}

function healthOf(service: Service): Promise<boolean> {
  return service.health().catch(() => false);
}

// A call may fail for what it asks for, but not because the service does not run.
function passRuntimeError(error: unknown): void {
  expect(RuntimeError.is(error) && error.code !== "SERVICE_NOT_STARTED").toBe(true);
}
