import type { MessageType, Role, Usage } from "@agentscope-runtime/agent-api";

/**
 * What a framework's stream is made of, before any order is put on it. Texts and arguments are pieces to append.
 * A `messageId` is the framework's own id of a message; one message may hold reasoning, text and media, which the
 * assembler turns into the messages of the wire. Kinds that a consumer does not know are passed over.
 */
export type AgentPart =
  | {
      readonly kind: "message-start";
      readonly messageId: string;
      readonly role?: Role | undefined;
      readonly type?: MessageType | undefined;
      readonly metadata?: Readonly<Record<string, unknown>> | undefined;
    }
  | {
      readonly kind: "text-delta" | "reasoning-delta" | "refusal-delta";
      readonly messageId: string;
      readonly text: string;
    }
  | { readonly kind: "image" | "video"; readonly messageId: string; readonly url: string }
  | {
      readonly kind: "audio";
      readonly messageId: string;
      /** Base64, a `data:` URL or a URL. */
      readonly data: string;
      readonly format?: string | undefined;
    }
  | {
      readonly kind: "file";
      readonly messageId: string;
      readonly url?: string | undefined;
      readonly fileId?: string | undefined;
      readonly filename?: string | undefined;
      readonly data?: string | undefined;
    }
  | { readonly kind: "data"; readonly messageId: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: "message-end"; readonly messageId: string; readonly status?: EndStatus | undefined }
  | {
      readonly kind: "tool-call";
      readonly callId: string;
      readonly name: string;
      /** The message the call belongs to; its open text is closed first. */
      readonly messageId?: string | undefined;
      readonly toolType?: ToolType | undefined;
      readonly serverLabel?: string | undefined;
      /** The arguments as JSON text where they are known at once: the call is complete. */
      readonly arguments?: string | undefined;
    }
  | { readonly kind: "tool-arguments-delta"; readonly callId: string; readonly text: string }
  | { readonly kind: "tool-call-end"; readonly callId: string; readonly status?: EndStatus | undefined }
  | {
      readonly kind: "tool-result";
      readonly callId: string;
      readonly name?: string | undefined;
      /** A JSON value, the whole of it so far. */
      readonly output: unknown;
      /** False while the tool is still running. Defaults to true. */
      readonly final?: boolean | undefined;
      /** How a final result ended. */
      readonly status?: EndStatus | undefined;
    }
  | {
      readonly kind: "approval-request";
      readonly requestId: string;
      readonly name: string;
      readonly arguments: string;
      readonly serverLabel?: string | undefined;
    }
  | { readonly kind: "step"; readonly name: string; readonly status: "started" | "finished" }
  | { readonly kind: "state-snapshot"; readonly snapshot: unknown }
  | { readonly kind: "state-patch"; readonly patch: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: "usage"; readonly usage: Usage; readonly messageId?: string | undefined }
  | { readonly kind: "finish"; readonly reason: FinishReason };

/** Whether something ended whole, or broke off. Defaults to `completed`. */
type EndStatus = "completed" | "incomplete";

/** Which family of message types a tool call belongs to. Defaults to `plugin`. */
export type ToolType = "plugin" | "function" | "component" | "mcp";

/**
 * How the agent ended. `stop` completes the run; `rejected` is the agent's refusal to take it on; the others end it
 * `incomplete` with that reason.
 */
export type FinishReason =
  | "stop"
  | "rejected"
  | "max_output_tokens"
  | "max_iterations"
  | "content_filter"
  | "input_required"
  | "auth_required";
