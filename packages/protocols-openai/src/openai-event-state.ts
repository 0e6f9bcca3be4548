import type { OutputItem } from "./output-item.ts";

/** Where the encoding of a run stands: plain JSON, so that it can go on elsewhere from any entry of the log. */
export interface OpenAIEventState {
  /** What every response object of the run says again. */
  readonly echo: Readonly<Record<string, unknown>>;
  /** The next `sequence_number`. */
  sequence: number;
  /** The items so far, each at its `output_index`. */
  items: OutputItem[];
  /** Those of them that are not done. */
  open: OpenItem[];
  /** Whether the answer is to be JSON. */
  readonly json: boolean;
  /** Then: the last message by now that says something, which may be the answer. */
  answer: number | null;
  /** Then: that message where all of it is there, but not yet what follows. */
  held: OpenItem | null;
  /** The messages of calls that are not items yet. */
  announced: { readonly id: string; readonly type: string }[];
}

export interface OpenItem {
  readonly index: number;
  /** The message that the item stands for. */
  readonly messageId: string;
  /** The call whose output ends the item, if it is such a call. */
  readonly callId: string | null;
  /** How many parts were added. */
  parts: number;
  /** The slot of the message that the last part stands for. */
  slot: number | null;
  /** How many characters of the arguments were sent. */
  sent: number;
}

/** An event of a Responses stream, ready to be serialised. */
export interface OpenAIEvent {
  readonly type: string;
  readonly sequence_number: number;
}
