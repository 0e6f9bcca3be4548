import type { MessageType } from "@agentscope-runtime/agent-api";
import type { AgentPart, ToolType } from "../contracts/agent-part.ts";
import { endsInHalf } from "./ends-in-half.ts";
import type { EventSequence } from "./event-sequence.ts";
import { WireMessage } from "./wire-message.ts";
import { toolCallMessageId, toolOutputMessageId } from "./wire-message-id.ts";

type ToolCallPart = Extract<AgentPart, { kind: "tool-call" }>;
type ToolResultPart = Extract<AgentPart, { kind: "tool-result" }>;
type Finished = (json: string) => void;

interface Call {
  readonly name: string;
  readonly toolType: ToolType;
  readonly serverLabel: string | undefined;
  message: WireMessage | undefined;
  arguments: string;
  shown: number;
}

interface Output {
  readonly name: string | null;
  readonly message: WireMessage;
  json: string;
  shown: number;
}

/** The messages of tool calls and of their outputs: one message each, shown as snapshots while they grow. */
export class ToolMessages {
  readonly #events: EventSequence;
  readonly #uniqueId: (id: string) => string;
  readonly #finished: Finished;
  readonly #calls = new Map<string, Call>();
  readonly #outputs = new Map<string, Output>();

  constructor(events: EventSequence, uniqueId: (id: string) => string, finished: Finished) {
    this.#events = events;
    this.#uniqueId = uniqueId;
    this.#finished = finished;
  }

  startCall({ callId, name, toolType = "plugin", serverLabel, arguments: complete }: ToolCallPart): void {
    if (this.#calls.get(callId)?.message !== undefined) return;
    const message = this.#open(toolCallMessageId(callId), `${toolType}_call`, "assistant");
    const call: Call = { name, toolType, serverLabel, message, arguments: "", shown: 0 };
    this.#calls.set(callId, call);
    message.showSlot("data", { data: callData(callId, call) });
    if (complete !== undefined) {
      call.arguments = complete;
      this.endCall(callId);
    }
  }

  appendArguments(callId: string, text: string): void {
    const call = this.#calls.get(callId);
    if (call?.message === undefined || text === "") return;
    call.arguments += text;
    if (!isDue(call.arguments.length, call.shown) || endsInHalf(text)) return;
    call.shown = call.arguments.length;
    call.message.showSlot("data", { data: callData(callId, call) });
  }

  endCall(callId: string, status: "completed" | "incomplete" = "completed"): void {
    const call = this.#calls.get(callId);
    if (call?.message === undefined) return;
    call.message.addSlot("data", { data: callData(callId, call) }, status);
    this.#finished(call.message.close(status));
    call.message = undefined;
  }

  result({ callId, name, output, final = true, status = "completed" }: ToolResultPart): void {
    this.endCall(callId);
    const open = this.#outputs.get(callId) ?? this.#startOutput(callId, name);
    open.json = JSON.stringify(output ?? null);
    if (final) {
      this.#endOutput(callId, open, status);
    } else if (isDue(open.json.length, open.shown)) {
      open.shown = open.json.length;
      open.message.showSlot("data", { data: outputData(callId, open) });
    }
  }

  /** Ends whatever is open. */
  close(status: "completed" | "incomplete"): void {
    for (const callId of this.#calls.keys()) this.endCall(callId, status);
    for (const [callId, output] of this.#outputs) this.#endOutput(callId, output, status);
  }

  #startOutput(callId: string, name: string | undefined): Output {
    const call = this.#calls.get(callId);
    const message = this.#open(
      toolOutputMessageId(callId),
      `${call?.toolType ?? "plugin"}_call_output`,
      "tool",
    );
    const output: Output = { name: name ?? call?.name ?? null, message, json: "", shown: 0 };
    this.#outputs.set(callId, output);
    message.showSlot("data", { data: outputData(callId, output) });
    return output;
  }

  #endOutput(callId: string, output: Output, status: "completed" | "incomplete"): void {
    this.#outputs.delete(callId);
    output.message.addSlot("data", { data: outputData(callId, output) }, status);
    this.#finished(output.message.close(status));
  }

  #open(id: string, type: MessageType, role: "assistant" | "tool"): WireMessage {
    return new WireMessage(this.#events, { id: this.#uniqueId(id), type, role });
  }
}

function callData(callId: string, { name, toolType, serverLabel, arguments: text }: Call): object {
  return toolType === "mcp"
    ? { call_id: callId, arguments: text, name, server_label: serverLabel ?? null }
    : { call_id: callId, name, arguments: text };
}

function outputData(callId: string, { name, json }: Output): object {
  return { call_id: callId, name, output: json };
}

// Each snapshot repeats what was shown before, so they become rarer as the text grows: the bytes sent stay within
// a small multiple of the text's length.
function isDue(length: number, shown: number): boolean {
  return length >= shown * 1.25;
}
