import { APIConnectionTimeoutError, APIError } from "openai";
import { ModelError, type ModelErrorCode } from "./model-error.ts";

/** Turns whatever a call of `modelName` threw into a {@link ModelError} that quotes no key. */
export function toModelError(error: unknown, modelName: string, apiKey: string | undefined): ModelError {
  if (ModelError.is(error)) return error;
  if (error instanceof APIConnectionTimeoutError) {
    return new ModelError("MODEL_TIMEOUT", `The model ${modelName} did not answer in time.`);
  }
  const text = scrub(error instanceof Error ? error.message : String(error), apiKey);
  if (error instanceof APIError && (error.status !== undefined || error.error !== undefined)) {
    const requestId = error.requestID ?? requestIdIn(error.error);
    const suffix = requestId === undefined ? "" : ` (request ${requestId})`;
    // The SDK's error is no `cause`: it quotes the request and, on a 401, a part of the key.
    return new ModelError(codeOf(error), `The model ${modelName} failed: ${text}${suffix}`, {
      status: error.status,
      requestId,
    });
  }
  return new ModelError("MODEL_EXECUTION_FAILED", `The call of the model ${modelName} failed: ${text}`, {
    cause: rootOf(error),
  });
}

function codeOf(error: APIError): ModelErrorCode {
  const { status } = error;
  const kind = `${error.code ?? ""} ${error.type ?? ""}`;
  const invalid = status === 400 || status === 413 || status === 422 || status === undefined;
  if (/quota|arrearage|throttling|rate_?limit|billing/i.test(kind)) return "MODEL_QUOTA_EXCEEDED";
  if (/context_length|context_window/i.test(kind)) return "MODEL_CONTEXT_LENGTH_EXCEEDED";
  if (/model_?not_?found/i.test(kind) || status === 404) return "MODEL_NOT_FOUND";
  if (/invalid_?api_?key/i.test(kind) || status === 401 || status === 403) return "MODEL_UNAUTHORIZED_ACCESS";
  if (status === 429) return "MODEL_QUOTA_EXCEEDED";
  if (status === 408 || status === 504) return "MODEL_TIMEOUT";
  if (invalid && TOO_LONG.test(error.message)) return "MODEL_CONTEXT_LENGTH_EXCEEDED";
  return "MODEL_EXECUTION_FAILED";
}

// OpenAI and vLLM; DashScope; llama.cpp.
const TOO_LONG =
  /context (length|window|size)|range of input length|input (length|is too long)|too many tokens/i;

/** `text` without the key, whole or masked in the middle, and without anything else that looks like one. */
export function scrub(text: string, apiKey: string | undefined): string {
  const withoutKey = apiKey === undefined || apiKey === "" ? text : text.replaceAll(apiKey, REDACTED);
  return withoutKey
    .replace(/[\w.-]*\*{2,}[\w.*-]*/g, REDACTED)
    .replace(/\b[sp]k-[\w-]{4,}/g, REDACTED)
    .replace(/(key provided: *)[^\s,;]+/gi, `$1${REDACTED}`)
    .replace(/(bearer +)[^\s,;"']+/gi, `$1${REDACTED}`);
}

const REDACTED = "[redacted]";

function requestIdIn(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("request_id" in body)) return undefined;
  return typeof body.request_id === "string" ? body.request_id : undefined;
}

// The SDK wraps network errors twice; what tells something is the innermost.
function rootOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < 5 && root instanceof Error && root.cause !== undefined; depth += 1)
    root = root.cause;
  return root;
}
