import { HttpAgent } from "@ag-ui/client";
import type { BaseEvent, Message } from "@ag-ui/core";
import { EventSchema } from "@ag-ui/core/schemas";
import { EventEncoder } from "@ag-ui/encoder";
import type { AgUiEvent } from "@agentscope-runtime/protocols-ag-ui";
import { expect } from "vitest";

export interface SdkReading {
  readonly messages: readonly Message[];
  readonly state: unknown;
  readonly pending: readonly string[];
  readonly interrupts: readonly string[];
}

const PROTOBUF = "application/vnd.ag-ui.event+proto";

/** What the SDK's client makes of a stream with those events, all its checks on; throws where they fail. */
export async function readBySdk(
  events: readonly AgUiEvent[],
  { binary = false, threadId = "s1" } = {},
): Promise<SdkReading> {
  for (const event of events) expectKnownKeys(event);
  const encoder = new EventEncoder({ accept: binary ? PROTOBUF : "text/event-stream" });
  const bytes = Buffer.concat(events.map((event) => encoder.encodeBinary(event as BaseEvent)));
  const headers = { "content-type": encoder.getContentType() };
  const agent = new HttpAgent({
    url: "http://localhost/",
    threadId,
    fetch: async () => new Response(bytes, { headers }),
  });
  let pending: readonly string[] = [];
  let failure: Error | undefined;
  await agent.runAgent(
    {},
    {
      onRunFinishedEvent: (params) => {
        if (params.outcome === "success") pending = params.pendingToolCallIds ?? [];
      },
      onRunFailed: ({ error }) => {
        failure = error;
        return { stopPropagation: true } as object;
      },
    },
  );
  if (failure !== undefined) throw failure;
  const { messages, state, pendingInterrupts } = agent;
  return { messages, state, pending, interrupts: pendingInterrupts.map(({ id }) => id) };
}

// The client takes away what it does not know, with nothing but a warning.
function expectKnownKeys(event: AgUiEvent): void {
  const schema = EventSchema.options.find(({ shape }) => shape.type.value === event.type);
  expect(Object.keys(schema?.shape ?? {})).toEqual(expect.arrayContaining(Object.keys(event)));
  expect(Object.values(event)).not.toContain(undefined);
  expect(schema?.safeParse(event).success).toBe(true);
}
