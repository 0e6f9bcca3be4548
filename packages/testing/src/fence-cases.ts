import type { SessionHandle } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";

export interface FenceCases {
  /** Every method that writes. */
  readonly writes: Readonly<Record<string, (session: SessionHandle) => Promise<unknown>>>;
  /** Every method that reads by a session's handle. */
  readonly reads: Readonly<Record<string, (session: SessionHandle) => Promise<unknown>>>;
  /** Resolves to all that is kept of the session. */
  contents(session: SessionHandle): Promise<unknown>;
  /** Gives the session something to keep. */
  seed(session: SessionHandle): Promise<unknown>;
}

/** Registers what holds for every service whose writers can be superseded. */
export function fenceCases({ writes, reads, contents, seed }: FenceCases): void {
  const session = { agent: "agent", userId: "user", sessionId: "session" };

  describe("fences", () => {
    it.each(Object.entries(writes))("refuse %s of a run that was superseded", async (_name, write) => {
      await seed({ ...session, fence: 2 });
      const before = await contents(session);
      await expect(write({ ...session, fence: 1 })).rejects.toMatchObject({ code: "FENCED" });
      expect(await contents(session)).toEqual(before);
    });

    it.each(Object.entries(writes))(
      "let %s pass with the same, a higher and no fence",
      async (_name, write) => {
        await seed({ ...session, fence: 2 });
        await settle(write({ ...session, fence: 2 }));
        await settle(write({ ...session, fence: 3 }));
        await settle(write(session));
      },
    );

    it.each(Object.entries(writes))("are raised by %s", async (_name, write) => {
      await settle(write({ ...session, fence: 7 }));
      await expect(seed({ ...session, fence: 6 })).rejects.toMatchObject({ code: "FENCED" });
    });

    it.each(Object.entries(reads))("are raised, and never checked, by %s", async (_name, read) => {
      await seed({ ...session, fence: 1 });
      await read({ ...session, fence: 5 });
      await read({ ...session, fence: 1 });
      await expect(seed({ ...session, fence: 4 })).rejects.toMatchObject({ code: "FENCED" });
    });

    it("are numbers, of which 10 is higher than 9", async () => {
      await seed({ ...session, fence: 9 });
      await seed({ ...session, fence: 10 });
      await expect(seed({ ...session, fence: 9 })).rejects.toMatchObject({ code: "FENCED" });
    });

    it("hold for one session only", async () => {
      await seed({ ...session, fence: 9 });
      await seed({ ...session, sessionId: "another", fence: 1 });
      await seed({ ...session, userId: "another", fence: 1 });
      await seed({ ...session, agent: "another", fence: 1 });
      await seed({ userId: session.userId, sessionId: session.sessionId, fence: 1 });
    });

    it("are not checked where a writer has none", async () => {
      await seed({ ...session, fence: 9 });
      await seed(session);
      await expect(seed({ ...session, fence: 8 })).rejects.toMatchObject({ code: "FENCED" });
    });
  });

  // A write may find nothing to do, or find there what it wants to create: only the fence is of interest.
  async function settle(write: Promise<unknown>): Promise<void> {
    await write.catch((error: unknown) => expect(error).not.toMatchObject({ code: "FENCED" }));
  }
}
