import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentPart } from "@agentscope-runtime/core";
import { SqliteRunStore } from "agentscope-runtime/sqlite";
import { expect, onTestFinished, vi } from "vitest";
import { parts } from "./clients.ts";
import { everyProtocol, serve } from "./serve.ts";

const body = '{"city":"Paris","days":3}';

/** Something of all that a run may hold, in pieces. */
const script: readonly AgentPart[] = [
  { kind: "step", name: "plan", status: "started" },
  { kind: "reasoning-delta", messageId: "M1", text: "H" },
  { kind: "reasoning-delta", messageId: "M1", text: "m\u{1f98a}" },
  { kind: "reasoning-delta", messageId: "M1", text: ".\n" },
  { kind: "state-snapshot", snapshot: { at: 1 } },
  { kind: "text-delta", messageId: "M1", text: "Let " },
  { kind: "text-delta", messageId: "M1", text: "me " },
  { kind: "text-delta", messageId: "M1", text: 'see "it".' },
  { kind: "tool-call", callId: "call_1", name: "weather", messageId: "M1" },
  { kind: "tool-arguments-delta", callId: "call_1", text: body.slice(0, 9) },
  { kind: "tool-arguments-delta", callId: "call_1", text: body.slice(9) },
  { kind: "tool-call-end", callId: "call_1" },
  { kind: "tool-call", callId: "call_2", name: "clock", arguments: "{}" },
  { kind: "tool-result", callId: "call_1", output: "Sun", final: false },
  { kind: "tool-result", callId: "call_1", output: "Sunny" },
  { kind: "tool-result", callId: "call_2", output: { hour: 9 } },
  { kind: "state-patch", patch: [{ op: "replace", path: "/at", value: 2 }] },
  { kind: "data", messageId: "M2", data: { sky: "blue" } },
  { kind: "step", name: "plan", status: "finished" },
  { kind: "text-delta", messageId: "M3", text: "Sun" },
  { kind: "text-delta", messageId: "M3", text: "ny" },
  { kind: "text-delta", messageId: "M3", text: "!" },
  { kind: "refusal-delta", messageId: "M4", text: "No " },
  { kind: "refusal-delta", messageId: "M4", text: "umbrella." },
  { kind: "usage", usage: { input_tokens: 9, output_tokens: 7, reasoning_tokens: 2 } },
];

/** An agent that goes on part by part, when it is let, and another server that compacts what it has left. */
export interface RichRun {
  readonly url: string;
  /** How many parts there are. */
  readonly length: number;
  /** Resolves once the agent has come to the part of that number. */
  reached(part: number): Promise<void>;
  /** Lets it go past that part. */
  open(part: number): void;
  /** Has the log of the ended run compacted, and resolves to a server that reads it. */
  compacted(runId: string): Promise<string>;
}

export async function serveRichRun(): Promise<RichRun> {
  const folder = await mkdtemp(join(tmpdir(), "agentscope-runtime-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "runs.db");
  const places = script.map(() => ({
    reached: Promise.withResolvers<void>(),
    open: Promise.withResolvers<void>(),
  }));
  const app = everyProtocol({ runStore: new SqliteRunStore({ path, flushInterval: 0 }) });
  const url = await serve(
    app.query(parts(), async function* (): AsyncGenerator<AgentPart> {
      for (const [index, part] of script.entries()) {
        places[index]?.reached.resolve();
        await places[index]?.open.promise;
        yield part;
      }
    }),
  );
  return {
    url,
    length: script.length,
    reached: async (part) => places[part]?.reached.promise,
    open: (part) => places[part]?.open.resolve(),
    compacted: async (runId) => {
      const runStore = new SqliteRunStore({ path, compactAfter: 0, sweepInterval: 10 });
      const other = await serve(
        everyProtocol({ runStore }).query(parts(), function* (): Generator<AgentPart> {}),
      );
      await vi.waitFor(async () => {
        const log = await (await fetch(`${other}/runs/${runId}/events`)).text();
        expect(log).toContain('"compacted"');
      });
      return other;
    },
  };
}
