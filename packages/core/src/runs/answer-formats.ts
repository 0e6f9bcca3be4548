import type { AgentRequest, Message } from "@agentscope-runtime/agent-api";
import { RuntimeError } from "../errors/runtime-error.ts";
import { SchemaChecker } from "./schema-checker.ts";

type Asking = Pick<AgentRequest, "text">;

/** Holds answers to the format that their request asks for. */
export class AnswerFormats {
  readonly #checker = new SchemaChecker();

  /**
   * Rejects with `INVALID_PARAMETER` where no answer could be held to that format, and with `SERVICE_UNAVAILABLE` where
   * too many are being checked.
   */
  async assertUsable({ text }: Asking): Promise<void> {
    const format = text?.format;
    if (format?.type !== "json_schema") return;
    const { schema, strict } = format;
    if (!isObject(schema)) throw unusable("it has to be an object");
    if (strict === false) return;
    this.#checker.assertRoom();
    const fault = await this.#checker.check({ schema });
    if (fault !== undefined) throw unusable(fault);
  }

  /**
   * What is wrong with the answer beside that format: the last text that is said, or data where nothing is; but for answers
   * that are refused, and turns that end in a call of the client's. `output` is the run's, each message as JSON.
   */
  async fault({ text }: Asking, output: readonly string[]): Promise<RuntimeError | undefined> {
    const format = text?.format;
    if (format?.type !== "json_object" && format?.type !== "json_schema") return undefined;
    const answer = answerIn(output);
    if (answer === undefined) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(answer);
    } catch (error) {
      return misfit(error instanceof Error ? error.message : String(error));
    }
    if (format.type === "json_object") return isObject(value) ? undefined : misfit("it has to be an object");
    const { schema, strict } = format;
    if (strict === false || !isObject(schema)) return undefined;
    const fault = await this.#checker.check({ schema, json: answer });
    return fault === undefined ? undefined : misfit(fault);
  }
}

function answerIn(output: readonly string[]): string | undefined {
  let after: Message | undefined;
  let data: string | undefined;
  for (const json of output.toReversed()) {
    const message = JSON.parse(json) as Message;
    const slots = message.type === "message" ? (message.content ?? []) : [];
    if (slots.some(({ type }) => type === "refusal")) return undefined;
    const said = slots.map((slot) => (slot.type === "text" ? (slot.text ?? "") : "")).join("");
    if (said !== "") return isCall(after) ? undefined : said;
    const last = slots.at(-1);
    if (last?.type === "data") data ??= JSON.stringify(last.data);
    if (message.type !== "message") after ??= message;
  }
  return isCall(after) ? undefined : (data ?? "");
}

/** True for a call that has no output behind it, which is the client's to make. */
function isCall(message: Message | undefined): boolean {
  return message?.type.endsWith("_call") ?? false;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unusable(why: string): RuntimeError {
  return new RuntimeError("INVALID_PARAMETER", `text.format.schema can't be used: ${why}.`);
}

function misfit(why: string): RuntimeError {
  return new RuntimeError("RESPONSE_ERROR", `The answer is not what text.format asks for: ${why}.`);
}
