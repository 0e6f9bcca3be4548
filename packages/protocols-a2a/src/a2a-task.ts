/** A part of a message or an artifact, as it goes over the wire: with one of text, raw (base64), url and data. */
export interface A2APart {
  readonly text?: string;
  readonly raw?: string;
  readonly url?: string;
  readonly data?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly filename?: string;
  readonly mediaType?: string;
}

export interface A2AMessage {
  readonly messageId: string;
  readonly contextId: string;
  readonly taskId: string;
  readonly role: "ROLE_USER" | "ROLE_AGENT";
  readonly parts: readonly A2APart[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What an agent has made: a message of its answer. */
export interface A2AArtifact {
  readonly artifactId: string;
  readonly parts: readonly A2APart[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export type A2ATaskState =
  | "TASK_STATE_SUBMITTED"
  | "TASK_STATE_WORKING"
  | "TASK_STATE_COMPLETED"
  | "TASK_STATE_FAILED"
  | "TASK_STATE_CANCELED"
  | "TASK_STATE_REJECTED"
  | "TASK_STATE_INPUT_REQUIRED"
  | "TASK_STATE_AUTH_REQUIRED";

export interface A2ATaskStatus {
  readonly state: A2ATaskState;
  readonly message?: A2AMessage;
  readonly timestamp?: string;
}

/** A chain of runs, each of which but the first answers the one before. */
export interface A2ATask {
  /** The id of the first run. */
  readonly id: string;
  /** The session. */
  readonly contextId: string;
  readonly status: A2ATaskStatus;
  readonly artifacts?: readonly A2AArtifact[];
  readonly history?: readonly A2AMessage[];
}

/** An event of a task's stream, as it goes over the wire. */
export type A2AEvent =
  | { readonly task: A2ATask }
  | {
      readonly statusUpdate: {
        readonly taskId: string;
        readonly contextId: string;
        readonly status: A2ATaskStatus;
      };
    }
  | {
      readonly artifactUpdate: {
        readonly taskId: string;
        readonly contextId: string;
        readonly artifact: A2AArtifact;
        readonly append?: true;
        readonly lastChunk?: true;
      };
    };
