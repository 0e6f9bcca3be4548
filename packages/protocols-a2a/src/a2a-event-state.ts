import type { A2AArtifact, A2AMessage } from "./a2a-task.ts";

/** Where the encoding of a run stands: plain JSON, so that it can go on elsewhere from any entry of the log. */
export interface A2AEventState {
  readonly taskId: string;
  readonly contextId: string;
  /** Whether the agent's reasoning, steps and own tool calls are told. */
  readonly progress: boolean;
  /** What was said up to this run, its input included. */
  readonly history: readonly A2AMessage[];
  /** What earlier runs of the task have made. */
  readonly artifacts: readonly A2AArtifact[];
  /** The attempt that the task was last shown in; 0 before it was shown. */
  attempt: number;
  /** The messages that go on. */
  open: OpenArtifact[];
}

export interface OpenArtifact {
  /** The message that the artifact stands for. */
  readonly id: string;
  readonly type: string;
  /** Whether anything of it was sent. */
  sent: boolean;
  /** The slot whose text was sent last. */
  slot: number | null;
}
