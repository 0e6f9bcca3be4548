import { RuntimeError, type TaskQueue } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { aborted, addTask, doTask, hang } from "./task-cases.ts";

/** Registers how attempts end, and what follows. */
export function taskAttemptCases(queue: () => TaskQueue): void {
  const soon = { delay: 1 };

  describe("an attempt", () => {
    it("gets the task and its number, and its result is the task's", async () => {
      await queue().work("name", ({ signal, ...attempt }) => ({ ...attempt, aborted: signal.aborted }));
      const task = await doTask(queue(), { id: "id", userId: "user", input: [1] });
      const attempt = { name: "name", id: "id", userId: "user", input: [1], attempt: 1 };
      expect(task).toMatchObject({ status: "completed", result: { ...attempt, aborted: false }, attempt: 1 });
      const { createdAt, startedAt = 0, completedAt = 0 } = task;
      expect(startedAt).toBeGreaterThanOrEqual(createdAt);
      expect(completedAt).toBeGreaterThanOrEqual(startedAt);
    });

    it("may result in nothing", async () => {
      await queue().work("name", () => undefined);
      expect(await doTask(queue())).toMatchObject({ status: "completed", result: null });
    });

    it("makes its task active", async () => {
      const began = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      await queue().work("name", async () => {
        began.resolve();
        await goOn.promise;
      });
      const key = await addTask(queue());
      await began.promise;
      const task = await queue().get(key);
      expect(task).toMatchObject({ status: "active", attempt: 1, startedAt: expect.any(Number) });
      expect(task).not.toHaveProperty("result");
      goOn.resolve();
      await queue().settled(key);
    });

    it("that throws fails the task where there is no other", async () => {
      await queue().work("name", () => {
        throw new RuntimeError("MODEL_NOT_FOUND", "No such model.");
      });
      const task = await doTask(queue());
      const error = { code: "MODEL_NOT_FOUND", message: "No such model." };
      expect(task).toMatchObject({ status: "failed", attempt: 1, error, completedAt: expect.any(Number) });
      expect(task).not.toHaveProperty("result");
    });

    it.each([new Error("hunter2"), "hunter2", null, { code: "MODEL_NOT_FOUND", message: "hunter2" }])(
      "that throws %o shows nothing of it",
      async (thrown) => {
        await queue().work("name", async () => {
          throw thrown;
        });
        const { status, error } = await doTask(queue());
        expect([status, error?.code]).toEqual(["failed", "INTERNAL_ERROR"]);
        expect(error?.message).not.toContain("hunter2");
      },
    );

    it.each(["throws", "results in"] as const)(
      "that %s what can't even be looked at fails the task, and nothing else",
      async (how) => {
        const unruly = [throwingProxy(), throwingGetters(), Object.assign(throwingProxy, { toJSON: fail })];
        const log = { debug: fail, info: fail, warn: fail, error: fail, child: () => log };
        await queue().work(
          "name",
          ({ input }) => {
            const value: unknown = unruly[input as number];
            if (how === "throws") throw value;
            return value;
          },
          { log },
        );
        for (const input of unruly.keys()) {
          const { status, error } = await doTask(queue(), { input });
          const code = how === "throws" ? "INTERNAL_ERROR" : "RESPONSE_ERROR";
          expect([status, error?.code]).toEqual(["failed", code]);
          expect(error?.message).not.toContain("hunter2");
        }
      },
    );

    it.each<readonly [string, () => unknown]>([
      ["a bigint", () => 1n],
      ["a function", () => [() => 1]],
      ["a symbol", () => ({ s: Symbol("s") })],
      ["a cycle", () => cycle()],
      ["a number that is none", () => ({ n: Number.POSITIVE_INFINITY })],
      ["a map", () => new Map([[1, 2]])],
      ["a set within", () => ({ set: new Set() })],
      ["a generator", () => numbers()],
      ["bytes", () => new Uint8Array(2)],
      ["a promise within", () => [Promise.resolve(1)]],
      ["an error", () => new Error("hunter2")],
      ["what throws when it is written", () => ({ toJSON: () => JSON.parse("hunter2") })],
    ])("that results in %s fails the task for good", async (_, work) => {
      await queue().work("name", work);
      const { status, attempt, error } = await doTask(queue(), { attempts: 3, backoff: soon });
      expect([status, attempt, error?.code]).toEqual(["failed", 1, "RESPONSE_ERROR"]);
      expect(error?.message).toMatch(/^The task's result is not JSON: /);
      expect(error?.message).not.toContain("hunter2");
    });

    it("is followed by others where it throws, each with an input of its own, until one does not", async () => {
      await queue().work("name", ({ attempt, input }) => {
        const seen = input as { n: number };
        seen.n++;
        if (attempt < 3) throw new Error("not yet");
        return [attempt, seen.n];
      });
      const task = await doTask(queue(), { attempts: 5, backoff: soon, input: { n: 0 } });
      expect(task).toMatchObject({ status: "completed", attempt: 3, result: [3, 1] });
      expect(task.error).toBeUndefined();
    });

    it("is followed by as many as there may be, and the last one's error counts", async () => {
      await queue().work("name", ({ attempt }) => {
        throw new RuntimeError("MODEL_TIMEOUT", `attempt ${attempt}`);
      });
      const task = await doTask(queue(), { attempts: 3, backoff: soon });
      expect(task).toMatchObject({ status: "failed", attempt: 3, error: { message: "attempt 3" } });
    });

    it.each(["INVALID_PARAMETER", "PERMISSION_DENIED", "USER_NOT_FOUND", "FENCED"] as const)(
      "is followed by no other where the error is %s, which blames the request",
      async (code) => {
        await queue().work("name", () => {
          throw new RuntimeError(code, "No.");
        });
        const task = await doTask(queue(), { attempts: 3, backoff: soon });
        expect(task).toMatchObject({ status: "failed", attempt: 1, error: { code } });
      },
    );

    it("waits for its back-off, which shows", async () => {
      const failed = Promise.withResolvers<void>();
      const worker = await queue().work("name", () => {
        failed.resolve();
        throw new Error("not yet");
      });
      const key = await addTask(queue(), { attempts: 2, backoff: { delay: 60_000 } });
      const before = Date.now();
      await failed.promise;
      await worker.close();
      const task = await queue().get(key);
      expect(task).toMatchObject({ status: "waiting", attempt: 1 });
      expect(task?.error).toBeUndefined();
      expect(task?.dueAt).toBeGreaterThanOrEqual(before + 30_000);
      expect(task?.dueAt).toBeLessThanOrEqual(Date.now() + 60_000);
    });

    it("that takes too long is aborted and has failed, whatever it resolves to", async () => {
      const reasons: unknown[] = [];
      await queue().work(
        "name",
        async ({ signal }) => {
          await aborted(signal);
          reasons.push(signal.reason);
          return "late";
        },
        { timeout: 20 },
      );
      const task = await doTask(queue(), { attempts: 2, backoff: soon });
      expect(task).toMatchObject({ status: "failed", attempt: 2, error: { code: "TIMEOUT" } });
      expect(reasons).toEqual([
        expect.objectContaining({ code: "TIMEOUT" }),
        expect.objectContaining({ code: "TIMEOUT" }),
      ]);
    });

    it("that hangs is given up, and makes room for the next", async () => {
      await queue().work("name", ({ input }) => (input === "hang" ? hang() : "done"), {
        concurrency: 1,
        timeout: 20,
        abortGrace: 20,
      });
      const hanging = await addTask(queue(), { input: "hang" });
      const next = await addTask(queue());
      expect(await queue().settled(hanging)).toMatchObject({ status: "failed", error: { code: "TIMEOUT" } });
      expect((await queue().settled(next)).result).toBe("done");
    });

    it("that was given up changes nothing when it resolves after all", async () => {
      const late = Promise.withResolvers<string>();
      const work = ({ attempt }: { attempt: number }) => (attempt === 1 ? late.promise : "second");
      await queue().work("name", work, { timeout: 20, abortGrace: 20 });
      const task = await doTask(queue(), { attempts: 2, backoff: soon });
      late.resolve("first");
      await late.promise;
      expect(task).toMatchObject({ status: "completed", result: "second", attempt: 2 });
      expect(await queue().get(task)).toEqual(task);
    });
  });
}

function cycle(): unknown {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}

function fail(): never {
  throw new Error("hunter2");
}

/** Throws whatever is done with it, and is no promise. */
function throwingProxy(): unknown {
  const traps = ["has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"];
  const get = (_: object, name: string | symbol) => (name === "then" ? undefined : fail());
  return new Proxy({}, { ...Object.fromEntries(traps.map((trap) => [trap, fail])), get });
}

/** Says that it is an error of the runtime, and throws when it is asked which. */
function throwingGetters(): unknown {
  const brand = Symbol.for("agentscope-runtime.RuntimeError");
  return Object.defineProperties(
    { [brand]: true },
    { code: { enumerable: true, get: fail }, message: { enumerable: true, get: fail } },
  );
}

async function* numbers(): AsyncGenerator<number> {
  yield 1;
}
