import type { AGUIEvent } from "@ag-ui/core";
import { AGUI_MEDIA_TYPE, EventEncoder } from "@ag-ui/encoder";
import { toBinaryPiece } from "./binary-piece.ts";

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
  const toBytes = (event: AGUIEvent) => toBinaryPiece(event) ?? encoder.encodeBinary(event);
  return {
    encode: (events) => {
      const pieces = events.map(toBytes);
      return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    },
    contentType: AGUI_MEDIA_TYPE,
  };
}
