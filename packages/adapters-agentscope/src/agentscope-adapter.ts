import type { Msg } from "@agentscope-runtime/agentscope";
import { ModelError, type ModelErrorCode, UnknownToolError } from "@agentscope-runtime/agentscope";
import { type FrameworkAdapter, RuntimeError } from "@agentscope-runtime/core";
import { fromAgentscopeStream } from "./from-agentscope-stream.ts";
import { isPrinted, type Printed } from "./printed.ts";
import { toAgentscopeMessages } from "./to-agentscope-messages.ts";

/**
 * Serves AgentScope agents: the handler gets `Msg`s and yields what `streamPrintingMessages` does. Their memory writes
 * the history; failed model calls keep their code, and a choice of a tool that there is not says which.
 */
export function agentscope(): FrameworkAdapter<Msg[], Printed> {
  return {
    name: "agentscope",
    history: "handler",
    toInput: toAgentscopeMessages,
    isYield: isPrinted,
    fromStream: fromAgentscopeStream,
    toRuntimeError,
  };
}

function toRuntimeError(error: unknown): RuntimeError | undefined {
  if (UnknownToolError.is(error)) {
    return new RuntimeError("INVALID_PARAMETER", error.message, { cause: error });
  }
  if (!ModelError.is(error) || !Object.hasOwn(MESSAGES, error.code)) return undefined;
  return new RuntimeError(error.code, MESSAGES[error.code], { cause: error });
}

// The provider's own words may hold what is none of a client's business; they stay in the cause.
const MESSAGES: Readonly<Record<ModelErrorCode, string>> = {
  MODEL_UNAUTHORIZED_ACCESS: "The model's provider does not accept the server's credentials.",
  MODEL_NOT_FOUND: "The model's provider does not know the model.",
  MODEL_QUOTA_EXCEEDED: "The quota at the model's provider is used up for now. Try again later.",
  MODEL_CONTEXT_LENGTH_EXCEEDED: "The conversation is too long for the model.",
  MODEL_TIMEOUT: "The model did not answer in time. Try again later.",
  MODEL_EXECUTION_FAILED: "The call of the model failed.",
};
