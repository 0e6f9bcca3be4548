import type { AgentState, SessionKey, StateService } from "@agentscope-runtime/core";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Durable } from "./durable.ts";
import { fenceCases } from "./fence-cases.ts";
import { hostileSessions } from "./hostile-ids.ts";
import { lifecycleCases } from "./lifecycle-cases.ts";

export interface StateServiceSuiteOptions {
  /** An unstarted service with data of its own that keeps that many rounds; else 10. */
  create(options?: { readonly keepRounds?: number | undefined }): Promise<StateService> | StateService;
  /** Given where the data outlives the service. */
  readonly durable?: Durable<StateService> | undefined;
}

/** Registers tests of everything that {@link StateService} promises. */
export function stateServiceSuite(name: string, { create, durable }: StateServiceSuiteOptions): void {
  describe(`${name} as a StateService`, () => {
    let service: StateService;
    beforeEach(async () => {
      service = await create();
      await service.start();
    });
    afterEach(() => service.stop());

    const session: SessionKey = { agent: "agent", userId: "user", sessionId: "session" };

    lifecycleCases(() => create(), {
      saveState: (service) => service.saveState(session, {}),
      exportState: (service) => service.exportState(session),
      deleteState: (service) => service.deleteState(session),
    });

    fenceCases({
      writes: {
        saveState: (handle) => service.saveState(handle, { by: "write" }),
        deleteState: (handle) => service.deleteState(handle),
      },
      reads: { exportState: (handle) => service.exportState(handle) },
      contents: (handle) => service.exportState(handle),
      seed: (handle) => service.saveState(handle, { by: "seed" }),
    });

    it("keeps its data when it is started once more", async () => {
      await service.saveState(session, { value: 1 });
      await service.start();
      expect(await service.exportState(session)).toEqual({ value: 1 });
    });

    describe("rounds", () => {
      it("have nothing to export before the first is saved", async () => {
        expect(await service.exportState(session)).toBeUndefined();
        expect(await service.exportState(session, { roundId: 1 })).toBeUndefined();
      });

      it("count from 1, and the highest is exported", async () => {
        expect(await service.saveState(session, { value: "a" })).toBe(1);
        expect(await service.saveState(session, { value: "b" })).toBe(2);
        expect(await service.exportState(session)).toEqual({ value: "b" });
        expect(await service.exportState(session, { roundId: 1 })).toEqual({ value: "a" });
        expect(await service.exportState(session, { roundId: 3 })).toBeUndefined();
      });

      it("can be chosen and replaced, and the next is one past the highest", async () => {
        expect(await service.saveState(session, { value: "seven" }, { roundId: 7 })).toBe(7);
        expect(await service.saveState(session, { value: "zero" }, { roundId: 0 })).toBe(0);
        expect(await service.exportState(session)).toEqual({ value: "seven" });
        expect(await service.exportState(session, { roundId: 0 })).toEqual({ value: "zero" });
        await service.saveState(session, { value: "other" }, { roundId: 7 });
        expect(await service.exportState(session, { roundId: 7 })).toEqual({ value: "other" });
        expect(await service.saveState(session, {})).toBe(8);
      });

      it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
        "can't be numbered %s",
        async (roundId) => {
          const refusal = { code: "INVALID_PARAMETER" };
          await expect(service.saveState(session, {}, { roundId })).rejects.toMatchObject(refusal);
          await expect(service.exportState(session, { roundId })).rejects.toMatchObject(refusal);
          expect(await service.exportState(session)).toBeUndefined();
        },
      );

      it("are never shared by 50 parallel saves", async () => {
        const roomy = await create({ keepRounds: 50 });
        await roomy.start();
        const writers = Array.from({ length: 50 }, (_, writer) => writer);
        const rounds = await Promise.all(writers.map((writer) => roomy.saveState(session, { writer })));
        expect(rounds.toSorted((a, b) => a - b)).toEqual(writers.map((writer) => writer + 1));
        const saved = await Promise.all(rounds.map((roundId) => roomy.exportState(session, { roundId })));
        expect(saved).toEqual(writers.map((writer) => ({ writer })));
        await roomy.stop();
      });

      it("are dropped from the lowest when there are more than are to be kept", async () => {
        const tight = await create({ keepRounds: 3 });
        await tight.start();
        for (const value of [1, 2, 3, 4, 5]) await tight.saveState(session, { value });
        const kept = [1, 2, 3, 4, 5].map((roundId) => tight.exportState(session, { roundId }));
        expect(await Promise.all(kept)).toEqual([
          undefined,
          undefined,
          { value: 3 },
          { value: 4 },
          { value: 5 },
        ]);
        await tight.stop();
      });

      it("are kept right after they were written, however low", async () => {
        const tight = await create({ keepRounds: 2 });
        await tight.start();
        for (const roundId of [8, 9, 1]) await tight.saveState(session, { roundId }, { roundId });
        expect(await tight.exportState(session, { roundId: 1 })).toEqual({ roundId: 1 });
        expect(await tight.exportState(session)).toEqual({ roundId: 9 });
        await tight.stop();
      });

      it("are not dropped by the replacement of one", async () => {
        const tight = await create({ keepRounds: 2 });
        await tight.start();
        for (const roundId of [1, 2, 2]) await tight.saveState(session, { roundId }, { roundId });
        expect(await tight.exportState(session, { roundId: 1 })).toEqual({ roundId: 1 });
        await tight.stop();
      });

      it("are all gone once the state is deleted", async () => {
        await service.saveState(session, { value: 1 });
        await service.saveState(session, { value: 2 });
        await service.deleteState(session);
        expect(await service.exportState(session)).toBeUndefined();
        expect(await service.exportState(session, { roundId: 1 })).toBeUndefined();
        await service.deleteState(session);
      });
    });

    describe("values", () => {
      it("are copied in and out", async () => {
        const state = { list: [1] };
        await service.saveState(session, state);
        state.list.push(2);
        const first = (await service.exportState(session)) as typeof state;
        expect(first).toEqual({ list: [1] });
        first.list.push(3);
        expect(await service.exportState(session)).toEqual({ list: [1] });
      });

      it("come back as JSON has them", async () => {
        await service.saveState(session, {
          date: new Date(0),
          absent: undefined,
          list: [undefined, Number.NaN],
          toJSON: undefined,
        });
        expect(await service.exportState(session)).toStrictEqual({
          date: "1970-01-01T00:00:00.000Z",
          list: [null, null],
        });
      });

      it("may have any key, `__proto__` too, and any text", async () => {
        const text = '{"__proto__":{"admin":true},"":"\\u0000","constructor":"\\ud800","🦊":"\\u2028"}';
        await service.saveState(session, JSON.parse(text) as AgentState);
        const state = await service.exportState(session);
        expect(Object.keys(state ?? {}).toSorted()).toEqual(["", "__proto__", "constructor", "🦊"]);
        expect(state).toEqual(JSON.parse(text));
        expect(({} as { admin?: boolean }).admin).toBeUndefined();
      });

      it("may be any JSON object", async () => {
        await fc.assert(
          fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (state) => {
            const roundId = await service.saveState(session, state);
            expect(await service.exportState(session, { roundId })).toEqual(
              JSON.parse(JSON.stringify(state)),
            );
          }),
          { numRuns: 50 },
        );
      });

      it("may have 5 MB", async () => {
        const state = { text: "5 MB ".repeat(2 ** 20) };
        await service.saveState(session, state);
        // Not `toEqual`: it would print them where they differ.
        expect((await service.exportState(session))?.text === state.text).toBe(true);
      });

      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      it.each<[string, unknown]>([
        ["undefined", undefined],
        ["null", null],
        ["a number", 1],
        ["a string", "{}"],
        ["an array", []],
        ["a function", () => ({})],
        ["a map", new Map([["a", 1]])],
        ["a cycle", cycle],
        ["a bigint", { value: 1n }],
      ])("can't be %s", async (_name, state) => {
        const saving = service.saveState(session, state as AgentState);
        await expect(saving).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
        expect(await service.exportState(session)).toBeUndefined();
      });
    });

    it("keeps the sessions of all users and agents apart, whatever characters their ids hold", async () => {
      await Promise.all(hostileSessions.map((key, index) => service.saveState(key, { index })));
      const all = await Promise.all(hostileSessions.map((key) => service.exportState(key)));
      expect(all).toEqual(hostileSessions.map((_, index) => ({ index })));
      const isEven = (_: unknown, index: number) => index % 2 === 0;
      await Promise.all(hostileSessions.filter(isEven).map((key) => service.deleteState(key)));
      const rest = await Promise.all(hostileSessions.map((key) => service.exportState(key)));
      expect(rest).toEqual(hostileSessions.map((_, index) => (index % 2 === 0 ? undefined : { index })));
    });

    if (durable === undefined) return;
    describe("reopened", () => {
      it("has every round, goes on counting, and still knows the fences", async () => {
        await service.saveState({ ...session, fence: 5 }, { value: 1 });
        await service.saveState(session, { value: 2 });
        await service.stop();
        service = await durable.reopen(service);
        await service.start();
        expect(await service.exportState(session, { roundId: 1 })).toEqual({ value: 1 });
        expect(await service.exportState(session)).toEqual({ value: 2 });
        expect(await service.saveState(session, { value: 3 })).toBe(3);
        const superseded = service.saveState({ ...session, fence: 4 }, {});
        await expect(superseded).rejects.toMatchObject({ code: "FENCED" });
      });
    });
  });
}
