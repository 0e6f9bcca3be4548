/** Where the encoding of a run stands: plain JSON, so that it can go on elsewhere from any entry of the log. */
export interface AgUiEventState {
  readonly threadId: string;
  readonly runId: string;
  readonly parentRunId: string | null;
  /** True once the run was announced. */
  started: boolean;
  /** Which start of the handler the last event was of. */
  attempt: number;
  /** The messages of the log that have not ended. */
  open: OpenMessage[];
  /** The tool calls so far. */
  calls: KnownCall[];
  /** The names of the steps that are not finished, each as often as it was started. */
  steps: string[];
  /** What the agent has asked for. */
  questions: Question[];
  /** The agent's state as the client has it, or `null` as long as nothing is agreed on. */
  agreed: { readonly value: unknown } | null;
  /** True once the run has sent its state as a whole. */
  snapshotSent: boolean;
}

export interface OpenMessage {
  readonly id: string;
  readonly type: string;
  readonly role: "assistant" | "system" | "user";
  /** True once the client was told of it. */
  started: boolean;
  /** The slot that is sent now, and how many characters of it were. */
  slot: number;
  sent: number;
}

export interface KnownCall {
  /** The id that the agent has given it, and the one it has here: clients tell calls apart by it. */
  readonly callId: string;
  readonly toolCallId: string;
  /** The message that holds it. */
  readonly messageId: string;
  readonly name: string;
  answered: boolean;
}

/** Something that a person is to answer. */
export interface Question {
  readonly id: string;
  readonly message: string;
  readonly responseSchema: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** An event of AG-UI, ready to be serialised. */
export interface AgUiEvent {
  readonly type: string;
}
