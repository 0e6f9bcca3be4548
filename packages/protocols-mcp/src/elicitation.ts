import type { AgentResponse, MessageInput } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import { type AskedInput, toAskedInput } from "./asked-input.ts";

/** The form by which a client asks its user. */
export interface ElicitationForm {
  readonly mode: "form";
  readonly message: string;
  readonly requestedSchema: {
    readonly type: "object";
    readonly properties: Readonly<Record<string, FormField>>;
    readonly required: string[];
  };
}

type FormField = {
  readonly type: "boolean" | "string";
  readonly title: string;
  readonly description?: string;
};

/** What came of it. The content is whatever the client sent. */
export const ElicitationAnswer: z.ZodType<ElicitationAnswer> = z.object({
  action: z.enum(["accept", "decline", "cancel"]),
  content: z.record(z.string(), z.unknown()).nullish(),
});
export interface ElicitationAnswer {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What to ask the user after a run that has ended so, or `undefined` if nothing that belongs into a form. */
export function toQuestion(response: AgentResponse): ElicitationForm | undefined {
  const asked = toAskedInput(response);
  return asked?.reason === "input_required" ? toElicitationForm(asked) : undefined;
}

/** The form for what a run asks: a box to tick for each request, or a line for an answer in words. */
function toElicitationForm({ requests, question }: AskedInput): ElicitationForm {
  const properties: Record<string, FormField> = {};
  for (const [index, { name, arguments: text }] of requests.entries()) {
    properties[fieldOf(index)] = {
      type: "boolean",
      title: `Allow ${name || "this"}?`,
      ...(text === "" ? {} : { description: text.slice(0, MAX_DESCRIPTION) }),
    };
  }
  if (requests.length === 0) properties[ANSWER] = { type: "string", title: "Answer" };
  return {
    mode: "form",
    message: question || "The agent waits for your answer.",
    requestedSchema: { type: "object", properties, required: Object.keys(properties) },
  };
}

/** The answer in the words of the Agent API. Who declines or closes the form approves of nothing. */
export function toAnswerMessages(
  { requests }: AskedInput,
  { action, content }: ElicitationAnswer,
): readonly MessageInput[] {
  const accepted = action === "accept";
  const reason = accepted ? null : `The user has chosen to ${action}.`;
  if (requests.length === 0) {
    const answer = accepted ? content?.[ANSWER] : undefined;
    return [toUserMessage(typeof answer === "string" ? answer : `(${reason ?? "The user gave no answer."})`)];
  }
  return requests.map(({ id }, index) =>
    toApproval({ request_id: id, approve: accepted && content?.[fieldOf(index)] === true, reason }),
  );
}

/** A message of the user. */
export function toUserMessage(text: string): MessageInput {
  return { role: "user", status: "completed", content: [{ type: "text", text }] };
}

/** A person's word on one request. */
export interface Approval {
  readonly request_id: string;
  readonly approve: boolean;
  readonly reason?: string | null | undefined;
}

/** The message that carries it. */
export function toApproval({ request_id, approve, reason = null }: Approval): MessageInput {
  const data = { approval_request_id: request_id, approve, id: null, reason };
  return {
    type: "mcp_approval_response",
    role: "user",
    status: "completed",
    content: [{ type: "data", data }],
  };
}

// Not the ids of the requests, which may be anything.
function fieldOf(index: number): string {
  return `approve_${index + 1}`;
}

const ANSWER = "answer";
const MAX_DESCRIPTION = 2000;
