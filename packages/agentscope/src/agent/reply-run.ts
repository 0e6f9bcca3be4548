import type { Formatter } from "../formatter/formatter.ts";
import type { Memory } from "../memory/memory.ts";
import type { Msg } from "../message/msg.ts";
import type { ChatModel } from "../model/chat-model.ts";
import type { Toolkit } from "../tool/toolkit.ts";
import type { CallerOptions } from "./caller-options.ts";
import type { ReplyEventBody } from "./reply-event.ts";

/** What one reply works with. */
export interface ReplyRun {
  readonly name: string;
  readonly sysPrompt: string;
  readonly model: ChatModel;
  readonly formatter: Formatter | undefined;
  readonly toolkit: Toolkit;
  readonly memory: Memory;
  readonly maxIters: number;
  readonly parallelToolCalls: boolean;
  /** What whoever asks wants of this reply. */
  readonly caller: CallerOptions;
  /** Aborts on every kind of interruption. */
  readonly signal: AbortSignal;
  /** Tells those who watch of a snapshot; never throws. */
  readonly print: (message: Msg, last: boolean) => void;
  /** Tells those who watch of a step that is no message. */
  readonly emit: (event: ReplyEventBody) => void;
}
