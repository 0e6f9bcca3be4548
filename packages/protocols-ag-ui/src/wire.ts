import type { AGUIEvent } from "@ag-ui/core";
import { AGUI_MEDIA_TYPE, EventEncoder } from "@ag-ui/encoder";

/** How events go over the wire. */
export interface Wire {
  /** Events as one piece of the stream. */
  readonly encode: (events: readonly AGUIEvent[]) => string | Uint8Array;
  /** What the stream is where it is no event stream. */
  readonly contentType?: string;
}

/** The wire that a client asks for. Protobuf has to be named: who takes anything, as curl does, reads text. */
export function wireOf(accept: string | undefined): Wire {
  const ranges = accept?.split(",").map((range) => range.trim().toLowerCase()) ?? [];
  const named = ranges.filter((range) => range.split(";")[0]?.trim() === AGUI_MEDIA_TYPE);
  const encoder = new EventEncoder({ accept: named.join(",") });
  if (encoder.getContentType() !== AGUI_MEDIA_TYPE) {
    return { encode: (events) => events.map((event) => encoder.encodeSSE(event)).join("") };
  }
  return {
    encode: (events) => Buffer.concat(events.map((event) => encoder.encodeBinary(event))),
    contentType: AGUI_MEDIA_TYPE,
  };
}
