import type { SendMessageRequest } from "@a2a-js/sdk";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import { AgentRequest } from "@agentscope-runtime/agent-api";
import { toAgentMessages } from "./to-agent-messages.ts";

/** A request in the words of the Agent API, and the task that its message names. */
export interface TaskRequest {
  readonly request: AgentRequest;
  /** The task to go on with; empty for a new one. */
  readonly taskId: string;
}

/** Reads what a client sends; throws `RequestMalformedError` that says what is wrong. */
export function toAgentRequest({ message, configuration, metadata }: SendMessageRequest): TaskRequest {
  if (message === undefined) throw new RequestMalformedError("message is required.");
  const { messageId, contextId, taskId, referenceTaskIds, extensions } = message;
  for (const [name, id] of Object.entries({ messageId, contextId, taskId })) {
    if (id.length > MAX_ID) throw new RequestMalformedError(`message.${name} may have ${MAX_ID} characters.`);
  }
  if (messageId === "") throw new RequestMalformedError("message.messageId is required.");
  const request = AgentRequest.parse({
    input: toAgentMessages(message),
    stream: true,
    // By which the message is known where it is sent again.
    message_id: messageId,
    ...(contextId === "" ? {} : { session_id: contextId }),
    ...some("metadata", metadata),
    ...some("accepted_output_modes", configuration?.acceptedOutputModes),
    ...some("reference_task_ids", referenceTaskIds),
    ...some("extensions", extensions),
  });
  return { request, taskId };
}

/** Refuses a count of messages that is none. */
export function assertHistoryLength(historyLength: number | undefined): void {
  if (historyLength === undefined || (Number.isInteger(historyLength) && historyLength >= 0)) return;
  throw new RequestMalformedError("historyLength must be a whole number, 0 or more.");
}

function some(key: string, value: object | undefined): object {
  return value === undefined || Object.keys(value).length === 0 ? {} : { [key]: value };
}

const MAX_ID = 1024;
