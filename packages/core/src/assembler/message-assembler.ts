import {
  type AgentError,
  type IncompleteDetails,
  isTerminal,
  type Message,
  type MessageType,
  type Role,
  type TerminalStatus,
  type Usage,
} from "@agentscope-runtime/agent-api";
import type { AgentPart, FinishReason } from "../contracts/agent-part.ts";
import type { LogEntry } from "../contracts/log-entry.ts";
import { EventSequence } from "./event-sequence.ts";
import { flat } from "./flat.ts";
import { endLeftOpen } from "./left-open.ts";
import { ToolMessages } from "./tool-messages.ts";
import { addUsage } from "./usage-total.ts";
import { WireMessage } from "./wire-message.ts";
import { wireMessageId } from "./wire-message-id.ts";

export interface MessageAssemblerOptions {
  readonly responseId: string;
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** When the run was created, in milliseconds since the epoch. Defaults to now. */
  readonly createdAt?: number | undefined;
  /** The number of the first event. Defaults to 0. */
  readonly first?: number | undefined;
  /** Which start of the handler it is. Defaults to 1. */
  readonly attempt?: number | undefined;
  /** The ids of the messages that earlier attempts brought. */
  readonly takenIds?: Iterable<string> | undefined;
}

/** How a run ended. */
export interface RunOutcome {
  readonly status: TerminalStatus;
  readonly error?: AgentError | undefined;
  readonly incomplete?: IncompleteDetails | undefined;
}

interface ResponseEnd {
  readonly error?: AgentError | undefined;
  readonly completedAt?: number;
  readonly output?: string;
  readonly incomplete?: IncompleteDetails | undefined;
}

/** A framework's message and the wire message of its that is open. */
interface Source {
  readonly role: Role;
  readonly type: MessageType;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  segments: number;
  open: { readonly type: MessageType; readonly message: WireMessage } | undefined;
}

/** Turns parts into the events of a run. The only code that knows which events are legal in which order. */
export class MessageAssembler {
  readonly #events: EventSequence;
  /** Made for the first call; many runs have none. */
  #toolMessages: ToolMessages | undefined;
  readonly #responseHead: string;
  readonly #options: MessageAssemblerOptions;
  readonly #createdAt: number;
  readonly #sources = new Map<string, Source>();
  readonly #ids = new Map<string, number>();
  readonly #output: string[] = [];
  readonly #openRequests: string[] = [];
  #usage: Usage | null = null;
  #finish: FinishReason = "stop";

  constructor(options: MessageAssemblerOptions) {
    this.#options = options;
    this.#events = new EventSequence(options.first, options.attempt);
    for (const id of options.takenIds ?? []) this.#ids.set(id, 1);
    this.#createdAt = Math.floor((options.createdAt ?? options.now()) / 1000);
    this.#responseHead = flat(`"id":${JSON.stringify(options.responseId)},"created_at":${this.#createdAt}`);
  }

  /** Why the agent says it ended, and the questions that wait for an answer. */
  get finish(): { readonly reason: FinishReason; readonly requestIds: readonly string[] } {
    return { reason: this.#finish, requestIds: this.#openRequests };
  }

  /** The JSON of each message that has ended. */
  get output(): readonly string[] {
    return this.#output;
  }

  /** The entries that came about since the last call. */
  take(): readonly LogEntry[] {
    return this.#events.take();
  }

  /** The response's way to its first message. */
  status(status: "created" | "queued" | "in_progress"): void {
    this.#events.emit(this.#response(status));
  }

  push(part: AgentPart): void {
    switch (part.kind) {
      case "text-delta":
        if (part.text !== "") this.#message(part.messageId).appendText("text", part.text);
        break;
      case "reasoning-delta":
        if (part.text !== "") this.#message(part.messageId, "reasoning").appendText("text", part.text);
        break;
      case "refusal-delta":
        if (part.text !== "") this.#message(part.messageId).appendText("refusal", part.text);
        break;
      case "message-start":
        if (!this.#sources.has(part.messageId)) this.#addSource(part.messageId, part);
        break;
      case "message-end":
        this.#closeSource(this.#sources.get(part.messageId), part.status ?? "completed");
        break;
      case "image":
        this.#media(part.messageId, "image", { image_url: part.url });
        break;
      case "video":
        this.#media(part.messageId, "video", { video_url: part.url });
        break;
      case "audio":
        this.#media(part.messageId, "audio", { data: part.data, format: part.format ?? null });
        break;
      case "file":
        this.#media(part.messageId, "file", {
          file_url: part.url ?? null,
          file_id: part.fileId ?? null,
          filename: part.filename ?? null,
          file_data: part.data ?? null,
        });
        break;
      case "data":
        this.#media(part.messageId, "data", { data: part.data });
        break;
      case "tool-call":
        this.#closeTextBefore(part.messageId);
        this.#tools.startCall(part);
        break;
      case "tool-arguments-delta":
        this.#tools.appendArguments(part.callId, part.text);
        break;
      case "tool-call-end":
        this.#tools.endCall(part.callId, part.status);
        break;
      case "tool-result":
        this.#tools.result(part);
        break;
      case "approval-request":
        this.#openRequests.push(part.requestId);
        this.#whole(wireMessageId(part.requestId), "mcp_approval_request", {
          id: part.requestId,
          arguments: part.arguments,
          name: part.name,
          server_label: part.serverLabel ?? "",
        });
        break;
      case "step":
        this.#whole(wireMessageId("step"), "step", { name: part.name, status: part.status });
        break;
      case "state-snapshot":
        this.#whole(wireMessageId("state"), "state", { snapshot: part.snapshot });
        break;
      case "state-patch":
        this.#whole(wireMessageId("state"), "state", { patch: part.patch });
        break;
      case "usage":
        this.#addUsage(part.usage, part.messageId);
        break;
      case "finish":
        this.#finish = part.reason;
        break;
    }
  }

  /** Ends every open message. */
  close(status: "completed" | "incomplete"): void {
    for (const source of this.#sources.values()) this.#closeSource(source, status);
    this.#toolMessages?.close(status);
  }

  /** Takes over the messages of an owner that died: those it left open end as `incomplete`. */
  adopt(messages: readonly Message[]): void {
    for (const message of messages) {
      const ended = isTerminal(message.status);
      this.#output.push(ended ? JSON.stringify(message) : endLeftOpen(this.#events, message));
    }
  }

  /** The terminal event of that outcome. Nothing may be added after it. */
  terminal({ status, error, incomplete }: RunOutcome): LogEntry {
    return this.#events.preview(
      this.#response(status, {
        error,
        completedAt: Math.floor(this.#options.now() / 1000),
        output: `[${this.#output.join(",")}]`,
        incomplete,
      }),
    );
  }

  #response(status: string, end: ResponseEnd = {}): string {
    const { error = null, completedAt = null, output = null, incomplete } = end;
    const head = `"object":"response","status":"${status}","error":${JSON.stringify(error)},${this.#responseHead}`;
    const tail = `"usage":${JSON.stringify(this.#usage)},"session_id":${JSON.stringify(this.#options.sessionId)}`;
    const details = incomplete === undefined ? "" : `,"incomplete_details":${JSON.stringify(incomplete)}`;
    return `${flat(`${head},"completed_at":${completedAt},"output":`)}${output},${flat(`${tail}${details}}`)}`;
  }

  /** The open wire message of a framework's message: of that type, or of the message's own. */
  #message(messageId: string, wanted?: MessageType): WireMessage {
    const source = this.#sources.get(messageId) ?? this.#addSource(messageId, {});
    const type = wanted ?? source.type;
    if (source.open?.type === type) return source.open.message;
    this.#closeSource(source, "completed");
    const id = this.#uniqueId(wireMessageId(messageId, source.segments++));
    const message = new WireMessage(this.#events, { id, type, role: source.role, metadata: source.metadata });
    source.open = { type, message };
    return message;
  }

  #addSource(messageId: string, start: Partial<Extract<AgentPart, { kind: "message-start" }>>): Source {
    const { role = "assistant", type = "message", metadata } = start;
    const source: Source = { role, type, metadata, segments: 0, open: undefined };
    this.#sources.set(messageId, source);
    return source;
  }

  #closeSource(source: Source | undefined, status: "completed" | "incomplete"): void {
    if (source?.open === undefined) return;
    this.#output.push(source.open.message.close(status));
    source.open = undefined;
  }

  get #tools(): ToolMessages {
    this.#toolMessages ??= new ToolMessages(
      this.#events,
      (id) => this.#uniqueId(id),
      (json) => this.#output.push(json),
    );
    return this.#toolMessages;
  }

  #closeTextBefore(messageId: string | undefined): void {
    if (messageId !== undefined) this.#closeSource(this.#sources.get(messageId), "completed");
    else for (const source of this.#sources.values()) this.#closeSource(source, "completed");
  }

  #media(messageId: string, type: "image" | "video" | "audio" | "file" | "data", fields: object): void {
    const message = this.#message(messageId);
    message.closeSlot("completed");
    message.showSlot(type, fields, true);
    message.addSlot(type, fields);
  }

  /** A message of one data slot that is there at once. */
  #whole(id: string, type: MessageType, data: object): void {
    const message = new WireMessage(this.#events, { id: this.#uniqueId(id), type, role: "assistant" });
    message.addSlot("data", { data });
    this.#output.push(message.close("completed"));
  }

  #addUsage(usage: Usage, messageId: string | undefined): void {
    this.#usage = addUsage(this.#usage, usage);
    const open = messageId === undefined ? undefined : this.#sources.get(messageId)?.open;
    if (open !== undefined) open.message.usage = usage;
  }

  // A framework may use an id again; on the wire each message has its own.
  #uniqueId(id: string): string {
    const uses = (this.#ids.get(id) ?? 0) + 1;
    this.#ids.set(id, uses);
    return uses === 1 ? id : this.#uniqueId(`${id}~${uses}`);
  }
}
