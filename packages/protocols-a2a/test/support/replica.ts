import type { AgentApp, AgentPart } from "@agentscope-runtime/core";
import { SqliteRunStore, SqliteStateService } from "@agentscope-runtime/services-sqlite";
import { a2aApp, parts } from "./serve.ts";

export interface ReplicaOptions {
  /** What the runs and states of all replicas are kept in. */
  readonly path: string;
  readonly recover?: "rerun" | undefined;
  /** Aborts with the run's own signal; answers that are `held` wait for what it resolves to. */
  readonly held?: (signal: AbortSignal) => Promise<unknown>;
}

/** An app over a file: asked to `Go` it asks where to; else it says hello, in two parts, and then is held. */
export function replica({ path, recover, held = async () => undefined }: ReplicaOptions): AgentApp<unknown> {
  return a2aApp(
    { runStore: new SqliteRunStore({ path, leaseTtl: 500 }), runs: { recover } },
    { push: { allowPrivate: true, backoff: { delay: 5 } } },
  )
    .init(async () => {
      const state = new SqliteStateService({ path });
      await state.start();
      return { state };
    })
    .shutdown(({ state }) => state.stop())
    .services(({ state }) => ({ state }))
    .query(parts(), async function* ({ msgs, request, signal }): AsyncGenerator<AgentPart> {
      const content = msgs.at(-1)?.content?.[0];
      const said = content?.type === "text" ? content.text : "";
      if (request.continues !== undefined) {
        yield { kind: "text-delta", messageId: "M2", text: `Off to ${said}` };
      } else if (said === "Go") {
        yield { kind: "text-delta", messageId: "M1", text: "Where to?" };
        yield { kind: "finish", reason: "input_required" };
      } else {
        yield { kind: "text-delta", messageId: "M1", text: "Hello" };
        yield { kind: "message-end", messageId: "M1" };
        await held(signal);
        yield { kind: "text-delta", messageId: "M2", text: ", world" };
      }
    }) as AgentApp<unknown>;
}
