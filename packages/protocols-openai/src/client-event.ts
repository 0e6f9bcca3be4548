import { z } from "zod";
import { parameterError } from "./openai-error.ts";
import { parseParams, valueAt } from "./parse-params.ts";

/** What a client says over a socket. */
export type ClientEvent =
  | {
      readonly type: "response.create";
      /** As `POST /responses` takes it. */
      readonly body: unknown;
      /** Said again by all that answers it. */
      readonly streamId: string | undefined;
    }
  | {
      readonly type: "response.steer";
      readonly input: unknown;
      readonly previousResponseId: string;
    };

/** Reads a frame of a client; throws `INVALID_PARAMETER` where it can't be answered. */
export function toClientEvent(frame: unknown): ClientEvent {
  const event = parseParams(Frame, frame);
  if (event.type === "response.steer") {
    const { type, input, previous_response_id: previousResponseId } = event;
    return { type, input, previousResponseId };
  }
  const { type, stream_id: streamId, stream: _, ...body } = event;
  if (valueAt(body, ["background"]) === true) throw unsupported("background");
  if (valueAt(body, ["generate"]) === false) throw unsupported("generate");
  return { type, body: { ...body, stream: true }, streamId: streamId ?? undefined };
}

/** The lane that a frame names, be it fit for anything else or not. */
export function streamIdOf(frame: unknown): string | undefined {
  const { success, data } = StreamId.safeParse(valueAt(frame, ["stream_id"]));
  return success ? data : undefined;
}

function unsupported(param: string): Error {
  return parameterError(param, "unsupported_parameter", `${param} is not supported over a WebSocket.`);
}

const StreamId = z.string().min(1).max(1024);

const Frame = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("response.create"), stream_id: StreamId.nullish() }),
  z.object({
    type: z.literal("response.steer"),
    input: z.unknown(),
    previous_response_id: z.string().min(1).max(1024),
  }),
]);
