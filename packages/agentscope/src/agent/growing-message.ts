import type { ChatUsage } from "../message/chat-usage.ts";
import type { ContentBlock } from "../message/content-block.ts";
import type { FinishedReason } from "../message/finished-reason.ts";
import { Msg } from "../message/msg.ts";
import type { BlockDelta } from "../message/msg-delta.ts";
import type { Role } from "../message/msg-json.ts";
import { shortId } from "../message/short-id.ts";
import type { ReplyRun } from "./reply-run.ts";

export interface Snapshot {
  readonly content: readonly ContentBlock[];
  /** What is new since the snapshot before. */
  readonly changes: readonly BlockDelta[];
  readonly last: boolean;
  readonly usage?: ChatUsage | undefined;
  readonly finishedReason?: FinishedReason | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** A message that is printed while it grows: its snapshots share one id, and the caller ends it with one that is last. */
export class GrowingMessage {
  readonly #run: Pick<ReplyRun, "print">;
  readonly #name: string;
  readonly #role: Role;
  readonly #id: string = shortId();
  #revision = 0;
  #timestamp: string | undefined;
  #latest: Msg | undefined;

  constructor(run: Pick<ReplyRun, "print">, name: string, role: Role) {
    this.#run = run;
    this.#name = name;
    this.#role = role;
  }

  /** The snapshot printed last, if any was. */
  get latest(): Msg | undefined {
    return this.#latest;
  }

  print({ content, changes, last, usage, finishedReason, metadata }: Snapshot): Msg {
    this.#revision += 1;
    const message = new Msg(this.#name, content, this.#role, {
      id: this.#id,
      timestamp: this.#timestamp,
      metadata,
      usage,
      finishedReason,
      delta: { revision: this.#revision, changes },
    });
    this.#timestamp = message.timestamp;
    this.#latest = message;
    this.#run.print(message, last);
    return message;
  }
}
