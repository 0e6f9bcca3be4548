import {
  type DeployableApp,
  type DeployManager,
  type Deployment,
  RuntimeError,
} from "@agentscope-runtime/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** What to deploy, and how. */
export interface Deployable<Options> {
  readonly app: DeployableApp;
  readonly options?: Options | undefined;
}

export interface DeployManagerSuiteOptions<Options> {
  /** A manager with no deployments. It is called for each test. */
  create(): Promise<DeployManager<Options>> | DeployManager<Options>;
  /**
   * An app whose handler streams text for a quarter of a second or more, so that a stop finds it at work. All that are
   * deployed at a time have to find room next to each other: port 0, names of their own.
   */
  deployable(): Promise<Deployable<Options>> | Deployable<Options>;
  /** What can't be brought up. */
  broken(): Promise<Deployable<Options>> | Deployable<Options>;
  /** Given where deployments outlive their manager: makes one that sees the same deployments. */
  reopen?(manager: DeployManager<Options>): Promise<DeployManager<Options>> | DeployManager<Options>;
  /** For each test, in milliseconds. Defaults to 30,000. */
  readonly timeout?: number | undefined;
}

/** Registers tests of everything that {@link DeployManager} promises. */
export function deployManagerSuite<Options>(
  name: string,
  { create, deployable, broken, reopen, timeout = 30_000 }: DeployManagerSuiteOptions<Options>,
): void {
  describe(`${name} as a DeployManager`, { timeout }, () => {
    let manager: DeployManager<Options>;
    let deployed: Deployment[];
    beforeEach(async () => {
      manager = await create();
      deployed = [];
    });
    afterEach(async () => {
      for (const { deployId } of deployed) await manager.stop(deployId);
    }, timeout);

    const deploy = async (): Promise<Deployment> => {
      const { app, options } = await deployable();
      const deployment = await manager.deploy(app, options);
      deployed.push(deployment);
      return deployment;
    };
    const running = async (of = manager) => {
      const records = await of.list();
      return records.filter(({ status }) => status === "running").map(({ deployId }) => deployId);
    };

    it("deploys what answers at its url as soon as it has one", async () => {
      const { deployId, url } = await deploy();
      expect(deployId).not.toBe("");
      expect(url).toMatch(/^https?:\/\/[^/]+(\/.*[^/])?$/);
      expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "healthy" });
      expect(await lastOf(ask(url))).toMatchObject({ object: "response", status: "completed" });
    });

    it("stops what it deployed", async () => {
      const { deployId, url } = await deploy();
      expect(await manager.stop(deployId)).toEqual({
        success: true,
        message: expect.stringContaining(deployId),
      });
      expect(await isServed(url)).toBe(false);
      expect(await running()).toEqual([]);
    });

    it("lets a run come to its end before it stops", async () => {
      const { deployId, url } = await deploy();
      const events = ask(url);
      let event = await events.next();
      while (!event.done && event.value.object !== "content") event = await events.next();
      const stopping = manager.stop(deployId);
      expect(await lastOf(events)).toMatchObject({ object: "response", status: "completed" });
      expect(await stopping).toMatchObject({ success: true });
    });

    it("may be asked twice to stop a deployment, at once and later", async () => {
      const { deployId, url } = await deploy();
      const both = await Promise.all([manager.stop(deployId), manager.stop(deployId)]);
      expect(both.map(({ success }) => success)).toContain(true);
      expect(typeof (await manager.stop(deployId)).success).toBe("boolean");
      expect(await isServed(url)).toBe(false);
    });

    it.each(["unknown", "", "__proto__", "constructor", "../etc", "0"])(
      "can't stop %j, and says so without an error",
      async (deployId) => {
        const result = await manager.stop(deployId);
        expect(result).toEqual({ success: false, message: expect.stringContaining(deployId) });
      },
    );

    it("has nothing to list before the first", async () => {
      expect(await manager.list()).toEqual([]);
    });

    it("lists the newest first", async () => {
      const before = Date.now();
      const first = await deploy();
      const second = await deploy();
      const records = await manager.list();
      expect(records).toMatchObject([
        { ...second, status: "running" },
        { ...first, status: "running" },
      ]);
      expect(new Set(records.map(({ platform }) => platform)).size).toBe(1);
      for (const { createdAt } of records) {
        // Another machine's clock may be a little off.
        expect(createdAt).toBeGreaterThan(before - 60_000);
        expect(createdAt).toBeLessThan(Date.now() + 60_000);
      }
    });

    it("keeps deployments apart that are made at once", async () => {
      const [one, other] = await Promise.all([deploy(), deploy()]);
      expect(one.deployId).not.toBe(other.deployId);
      expect(one.url).not.toBe(other.url);
      expect((await running()).toSorted()).toEqual([one.deployId, other.deployId].toSorted());
      expect(await manager.stop(one.deployId)).toMatchObject({ success: true });
      expect(await isServed(one.url)).toBe(false);
      expect(await lastOf(ask(other.url))).toMatchObject({ status: "completed" });
      expect(await running()).toEqual([other.deployId]);
    });

    it("says what is wrong with what can't be brought up, and leaves nothing behind", async () => {
      const { app, options } = await broken();
      const error = await manager.deploy(app, options).catch((error: unknown) => error);
      expect(RuntimeError.is(error), String(error)).toBe(true);
      expect((error as RuntimeError).message).not.toBe("");
      expect(await manager.list()).toEqual([]);
    });

    it("works on after something could not be brought up", async () => {
      const { app, options } = await broken();
      await expect(manager.deploy(app, options)).rejects.toThrow();
      const { deployId } = await deploy();
      expect(await running()).toEqual([deployId]);
    });

    if (reopen === undefined) return;
    describe("reopened", () => {
      it("lists and stops what another one has deployed", async () => {
        const { deployId, url } = await deploy();
        const reopened = await reopen(manager);
        expect(await running(reopened)).toEqual([deployId]);
        expect(await reopened.stop(deployId)).toMatchObject({ success: true });
        expect(await isServed(url)).toBe(false);
        expect(await running()).toEqual([]);
      });
    });
  });
}

interface WireEvent {
  readonly object?: string;
  readonly status?: string;
}

/** Runs what is deployed there, event by event. */
async function* ask(url: string): AsyncGenerator<WireEvent, void> {
  const input = [{ role: "user", type: "message", content: [{ type: "text", text: "Hi" }] }];
  const response = await fetch(`${url}/process`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input }),
  });
  expect(response.status).toBe(200);
  let rest = "";
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data:")) yield JSON.parse(line.slice("data:".length));
  }
}

async function lastOf(events: AsyncIterable<WireEvent>): Promise<WireEvent | undefined> {
  let last: WireEvent | undefined;
  for await (const event of events) last = event;
  return last;
}

async function isServed(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}
