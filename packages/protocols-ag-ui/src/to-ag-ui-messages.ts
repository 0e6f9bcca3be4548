import type { ActivityMessage, AssistantMessage, Message as SdkMessage, ToolMessage } from "@ag-ui/core";
import { isTerminal, type Message } from "@agentscope-runtime/agent-api";
import { toActivity } from "./activity.ts";
import { callBodyOf, kindOf, toolCallIdOf } from "./call-body.ts";
import { toContent } from "./content-slots.ts";
import { toResultContent } from "./result-content.ts";
import { textOf } from "./text-events.ts";

/** What was said to an agent, and what it has answered, be that still open. */
export interface Turn {
  readonly input: readonly Message[];
  readonly output: readonly Message[];
}

/** A message of AG-UI, ready to be serialised. */
export interface AgUiMessage {
  readonly id: string;
  readonly role: string;
}

/** The messages that a client of AG-UI has that has followed these turns, each with the id that it has in its events. */
export function toAgUiMessages(turns: Iterable<Turn>): readonly AgUiMessage[] {
  return toTypedMessages(turns);
}

/** As {@link toAgUiMessages}, in the words of the SDK. */
export function toTypedMessages(turns: Iterable<Turn>): readonly SdkMessage[] {
  const conversation = new Conversation();
  for (const { input, output } of turns) {
    conversation.addInput(input);
    conversation.addOutput(output);
  }
  return conversation.messages;
}

class Conversation {
  readonly messages: SdkMessage[] = [];
  readonly #calls = new Map<string, AssistantMessage>();
  readonly #said = new Map<string, string>();

  addInput(messages: readonly Message[]): void {
    for (const message of messages) {
      const { id, role, content } = message;
      const isSaid = kindOf(message.type) === "content" && (role === "user" || role === "system");
      if (!isSaid) this.#add(message);
      else if (this.#isSaidAgain(message)) continue;
      else if (role === "user") this.messages.push({ id, role, content: toContent(content ?? []) });
      else this.messages.push({ id, role, content: (content ?? []).map(textOf).join("") });
    }
  }

  // A client sends once more what the agent has not heard, or is to answer anew.
  #isSaidAgain({ id, content }: Message): boolean {
    const said = JSON.stringify(content);
    const isKnown = this.#said.get(id) === said;
    this.#said.set(id, said);
    return isKnown;
  }

  addOutput(messages: readonly Message[]): void {
    for (const message of messages) this.#add(message);
  }

  #add(message: Message): void {
    const kind = kindOf(message.type);
    if (kind === "call") this.#addCall(message);
    else if (kind === "output") this.#addResult(message);
    else if (kind === "content" || kind === "reasoning") this.#addContent(message);
  }

  #addContent(message: Message): void {
    const { id, type, role } = message;
    const text = (message.content ?? []).map((slot) => textOf(slot) ?? "").join("");
    let isThere = false;
    for (const slot of message.content ?? []) {
      const activity: ActivityMessage | undefined =
        textOf(slot) === undefined ? toActivity(slot, message) : undefined;
      if (activity !== undefined) this.messages.push(activity);
      if (!textOf(slot) || isThere) continue;
      isThere = true;
      if (type === "reasoning") this.messages.push({ id, role: "reasoning", content: text });
      else
        this.messages.push({
          id,
          role: role === "user" || role === "system" ? role : "assistant",
          content: text,
        });
    }
  }

  #addCall({ id, content }: Message): void {
    const slot = content?.at(-1);
    if (slot === undefined) return;
    const { callId, name, arguments: text } = callBodyOf(slot);
    const call = {
      id: toolCallIdOf(callId, id),
      type: "function",
      function: { name, arguments: text },
    } as const;
    const message: AssistantMessage = { id, role: "assistant", toolCalls: [call] };
    this.#calls.set(callId, message);
    this.messages.push(message);
  }

  // Results stand right behind the message with their call, wherever they came.
  #addResult({ id, status, content }: Message): void {
    const { callId, output } = callBodyOf(content?.at(-1));
    if (!isTerminal(status) || (output === "" && status !== "completed")) return;
    const caller = this.#calls.get(callId);
    const toolCallId = caller?.toolCalls?.[0]?.id ?? callId;
    const result: ToolMessage = { id, role: "tool", toolCallId, content: toResultContent(output) };
    let place = caller === undefined ? this.messages.length : this.messages.indexOf(caller) + 1;
    while (this.messages[place]?.role === "tool") place++;
    this.messages.splice(place, 0, result);
  }
}
