import type { ToolUseBlock } from "@agentscope-runtime/agentscope";
import type { AgentPart } from "@agentscope-runtime/core";
import type { EndStatus } from "./end-status.ts";
import { parseArguments, toArgumentsText, toToolType } from "./tool-arguments.ts";

/** A tool call and the arguments that were sent for it. */
export interface PrintedCall {
  readonly callId: string;
  readonly messageId: string;
  block: ToolUseBlock;
  sent: string;
}

/** The open tool calls of a stream. */
export class PrintedCalls {
  readonly #emit: (part: AgentPart) => void;
  #open: readonly PrintedCall[] = [];

  constructor(emit: (part: AgentPart) => void) {
    this.#emit = emit;
  }

  /** A call begins: complete, or with its arguments to come. */
  start(messageId: string, block: ToolUseBlock, complete: boolean): PrintedCall {
    const callId = block.id;
    this.answered(callId);
    const call = { callId, messageId, block, sent: complete ? toArgumentsText(block) : "" };
    const toolType = toToolType(block);
    this.#emit({
      kind: "tool-call",
      callId,
      name: block.name,
      messageId,
      toolType,
      ...(block.server_label === undefined ? {} : { serverLabel: block.server_label }),
      ...(complete ? { arguments: call.sent } : {}),
    });
    if (!complete) this.#open = [...this.#open, call];
    return call;
  }

  append(call: PrintedCall, text: string): void {
    if (!this.#isOpen(call) || text === "") return;
    call.sent += text;
    this.#emit({ kind: "tool-arguments-delta", callId: call.callId, text });
  }

  /** The call as a later snapshot shows it. False when it shows other arguments than were sent. */
  update(call: PrintedCall, block: ToolUseBlock): boolean {
    call.block = block;
    const raw = block.raw_input ?? "";
    if (!this.#isOpen(call) || call.sent.startsWith(raw)) return true;
    if (!raw.startsWith(call.sent)) return false;
    this.append(call, raw.slice(call.sent.length));
    return true;
  }

  end(call: PrintedCall, status: EndStatus = "completed"): void {
    if (!this.#isOpen(call)) return;
    if (call.sent.trim() === "") this.append(call, toArgumentsText(call.block));
    this.#open = this.#open.filter((other) => other !== call);
    this.#emit({ kind: "tool-call-end", callId: call.callId, status });
  }

  /** Ends the calls of a message whose arguments are complete, since it goes on with something else. */
  endComplete(messageId: string): void {
    for (const call of this.#open) {
      if (call.messageId === messageId && parseArguments(call.sent) !== undefined) this.end(call);
    }
  }

  /** Ends a call, because it has a result. */
  answered(callId: string): void {
    const call = this.#open.find((open) => open.callId === callId);
    if (call !== undefined) this.end(call);
  }

  #isOpen(call: PrintedCall): boolean {
    return this.#open.includes(call);
  }
}
