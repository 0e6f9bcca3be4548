import type { ChatUsage } from "./chat-usage.ts";
import type { ContentBlock } from "./content-block.ts";
import type { FinishedReason } from "./finished-reason.ts";
import { localTimestamp } from "./local-timestamp.ts";
import type { MsgDelta } from "./msg-delta.ts";
import { type MsgJson, type MsgJsonInput, parseMsgJson, type Role } from "./msg-json.ts";
import { shortId } from "./short-id.ts";

export interface MsgOptions {
  /** Defaults to a fresh one. */
  readonly id?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined;
  /** Defaults to now, in local time: `YYYY-MM-DD HH:MM:SS.mmm`. */
  readonly timestamp?: string | undefined;
  readonly invocationId?: string | undefined;
  /** What the model call behind this message cost. */
  readonly usage?: ChatUsage | undefined;
  /** How the message ended, where that is not to be taken for granted. */
  readonly finishedReason?: FinishedReason | undefined;
  /** For whoever prints a growing message: what is new since the snapshot before. */
  readonly delta?: MsgDelta | undefined;
}

/** One message of a conversation. It never changes: a message that grows is a series of snapshots of one `id`. */
export class Msg {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly content: string | readonly ContentBlock[];
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly timestamp: string;
  readonly #invocationId: string | undefined;
  readonly #usage: ChatUsage | undefined;
  readonly #finishedReason: FinishedReason | undefined;
  readonly #delta: MsgDelta | undefined;

  /** Throws a `TypeError` for another role or a content that is neither a string nor a list of blocks. */
  constructor(
    name: string,
    content: string | readonly ContentBlock[],
    role: Role,
    options: MsgOptions = NO_OPTIONS,
  ) {
    if (role !== "user" && role !== "assistant" && role !== "system") {
      throw new TypeError(`The role of a message is user, assistant or system, not ${JSON.stringify(role)}.`);
    }
    this.id = options.id ?? shortId();
    this.name = name;
    this.role = role;
    this.content = typeof content === "string" ? content : frozenBlocks(content);
    this.metadata = options.metadata ?? null;
    this.timestamp = options.timestamp ?? localTimestamp();
    this.#invocationId = options.invocationId;
    this.#usage = options.usage;
    this.#finishedReason = options.finishedReason;
    this.#delta = options.delta;
    Object.freeze(this);
  }

  /** Reads what `toJSON` or Python's `to_dict` wrote, whatever optional member is missing; keeps unknown blocks. */
  static fromJSON(json: MsgJsonInput): Msg {
    const { id, name, role, content, metadata, timestamp, ...rest } = parseMsgJson(json);
    return new Msg(name, typeof content === "string" ? content : (content ?? []).map(toBlock), role, {
      id: id ?? undefined,
      metadata,
      timestamp: timestamp ?? undefined,
      invocationId: rest.invocation_id ?? undefined,
      usage: rest.usage ?? undefined,
      finishedReason: rest.finished_reason ?? undefined,
    });
  }

  get invocationId(): string | undefined {
    return this.#invocationId;
  }

  /** Set on the last snapshot of a message that a model wrote, where the provider tells. */
  get usage(): ChatUsage | undefined {
    return this.#usage;
  }

  /** Set on the last snapshot of a message that broke off, and of an answer after too many rounds. */
  get finishedReason(): FinishedReason | undefined {
    return this.#finishedReason;
  }

  /** What is new in this snapshot; only on messages that were printed while they grew. */
  get delta(): MsgDelta | undefined {
    return this.#delta;
  }

  /** The text blocks, joined; `null` when there is none. */
  getTextContent(separator = "\n"): string | null {
    if (typeof this.content === "string") return this.content;
    const texts = this.getContentBlocks("text").map((block) => block.text);
    return texts.length === 0 ? null : texts.join(separator);
  }

  /** All blocks, or those of one type. Content that is a string is one text block. */
  getContentBlocks(): readonly ContentBlock[];
  getContentBlocks<T extends ContentBlock["type"]>(type: T): readonly Extract<ContentBlock, { type: T }>[];
  getContentBlocks(type?: ContentBlock["type"]): readonly ContentBlock[] {
    const blocks: readonly ContentBlock[] =
      typeof this.content === "string" ? [{ type: "text", text: this.content }] : this.content;
    return type === undefined ? blocks : blocks.filter((block) => block.type === type);
  }

  hasContentBlocks(type?: ContentBlock["type"]): boolean {
    return this.getContentBlocks().some((block) => type === undefined || block.type === type);
  }

  /** The same as Python's `to_dict()`; `usage` and `finished_reason` are added when they are known, `delta` never. */
  toJSON(): MsgJson {
    const { id, name, role, content, metadata, timestamp } = this;
    return {
      ...{ id, name, role, content, metadata, timestamp },
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#finishedReason === undefined ? {} : { finished_reason: this.#finishedReason }),
    };
  }
}

const NO_OPTIONS: MsgOptions = {};

// Stored content is data of any age: what is not a block becomes text, and blocks of unknown types stay as they are.
function toBlock(item: unknown): ContentBlock {
  if (typeof item === "object" && item !== null && "type" in item) return item as ContentBlock;
  return { type: "text", text: typeof item === "string" ? item : JSON.stringify(item) };
}

// Blocks that are frozen already are shared, so that a snapshot costs no more than its list.
function frozenBlocks(content: readonly ContentBlock[]): readonly ContentBlock[] {
  if (!Array.isArray(content)) {
    throw new TypeError("The content of a message is a string or a list of blocks.");
  }
  if (Object.isFrozen(content)) return content;
  return Object.freeze(
    content.map((block) => (Object.isFrozen(block) ? block : Object.freeze({ ...block }))),
  );
}
