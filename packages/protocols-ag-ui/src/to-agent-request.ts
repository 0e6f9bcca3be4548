import type { Message, ResumeEntry, RunAgentInput } from "@ag-ui/core";
import { AgentRequest } from "@agentscope-runtime/agent-api";
import { parseInput } from "@agentscope-runtime/core";
import { toAnswer } from "./answers.ts";
import { toAgentMessages, toToolNames } from "./to-agent-messages.ts";

/** What the server adds to an input. */
export interface RequestSetting {
  readonly userId: string;
  /** The messages to hand to the agent. */
  readonly messages: readonly Message[];
  /** What becomes of the run when its client leaves. */
  readonly onDisconnect: "continue" | "cancel";
  /** The run that is answered, and how. */
  readonly continues?: string | undefined;
  readonly resume?: readonly ResumeEntry[] | undefined;
}

/** An input in the words of the Agent API. What has no place of its own there stands under `ag_ui`. */
export function toAgentRequest(input: RunAgentInput, setting: RequestSetting): AgentRequest {
  const { threadId, runId, tools, context, parentRunId } = input;
  const { userId, messages, onDisconnect, continues, resume = [] } = setting;
  const names = toToolNames(tools, input.messages);
  return parseInput(AgentRequest, {
    id: runId,
    session_id: threadId,
    user_id: userId,
    stream: true,
    on_disconnect: onDisconnect,
    ...(continues === undefined ? {} : { continues }),
    input: [...resume.map(toAnswer), ...messages.flatMap((message) => toAgentMessages(message, names))],
    tools: tools.length === 0 ? null : tools.map(toDefinition),
    ag_ui: {
      context,
      resume,
      ...(input.state === undefined ? {} : { state: input.state }),
      ...(input.forwardedProps === undefined ? {} : { forwardedProps: input.forwardedProps }),
      ...(parentRunId === undefined ? {} : { parentRunId }),
    },
  });
}

function toDefinition({ name, description, parameters }: RunAgentInput["tools"][number]): object {
  const schema = typeof parameters === "object" && !Array.isArray(parameters) ? { parameters } : {};
  return { type: "function", function: { name, description, ...schema } };
}
