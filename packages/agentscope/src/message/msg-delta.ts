import type { ContentBlock } from "./content-block.ts";

/** One change to the block at `index` of a message's content. */
export type BlockDelta =
  /** `text` was appended; a block that is not there yet starts out empty. */
  | { readonly kind: "text"; readonly index: number; readonly text: string }
  | { readonly kind: "thinking"; readonly index: number; readonly text: string }
  /** A call began, or `rawInput` was appended to its arguments. */
  | {
      readonly kind: "tool-use";
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly rawInput: string;
    }
  /** The whole block is new, or takes the place of the one that was there. */
  | { readonly kind: "block"; readonly index: number; readonly block: ContentBlock };

/**
 * What is new in a snapshot of a growing message. Snapshots of one message id count their `revision` 1, 2, 3 …; whoever
 * has seen the one before may apply `changes` instead of comparing contents.
 */
export type MsgDelta = { readonly revision: number; readonly changes: readonly BlockDelta[] };
