import { RuntimeError } from "@agentscope-runtime/core";
import { type NacosAnswer, toNacosAnswer } from "./nacos-answer.ts";

export interface NacosRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the server's own path. */
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
}

/** Asks the servers of a Nacos cluster: the one that answered last, and the next where one does not answer. */
export class NacosHttp {
  readonly #servers: readonly string[];
  readonly #timeout: number;
  #first = 0;

  constructor(servers: readonly string[], timeout: number) {
    this.#servers = servers;
    this.#timeout = timeout;
  }

  /** Rejects where no server answers; what one refuses is an answer. */
  async send(request: NacosRequest): Promise<NacosAnswer> {
    const failures: RuntimeError[] = [];
    const count = this.#servers.length;
    const first = this.#first;
    for (let offset = 0; offset < count; offset++) {
      const place = (first + offset) % count;
      try {
        const answer = await this.#ask(this.#servers[place] ?? "", request);
        this.#first = place;
        return answer;
      } catch (error) {
        if (!RuntimeError.is(error)) throw error;
        failures.push(error);
      }
    }
    const [only] = failures;
    if (only !== undefined && failures.length === 1) throw only;
    const message = `No Nacos server answers: ${failures.map((failure) => failure.message).join(" ")}`;
    throw new RuntimeError("SERVICE_UNAVAILABLE", message, { cause: new AggregateError(failures) });
  }

  async #ask(server: string, { method, path, form, token }: NacosRequest): Promise<NacosAnswer> {
    const { host } = new URL(server);
    const fields = new URLSearchParams(form);
    const inBody = method === "POST" || method === "PUT";
    const headers = new Headers({ accept: "application/json" });
    if (token !== undefined) headers.set("accessToken", token);
    const signal = AbortSignal.timeout(this.#timeout);
    let status: number;
    let text: string;
    try {
      const response = await fetch(server + path + (inBody ? "" : `?${fields}`), {
        method,
        headers,
        signal,
        // It could lead to anybody, and the token with it.
        redirect: "error",
        ...(inBody ? { body: fields } : {}),
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      if (signal.aborted) {
        const message = `The Nacos server ${host} did not answer within ${this.#timeout} ms.`;
        throw new RuntimeError("TIMEOUT", message, { cause });
      }
      throw new RuntimeError("SERVICE_UNAVAILABLE", `The Nacos server ${host} can't be reached.`, { cause });
    }
    const answer = toNacosAnswer(status, text, [token, form.password]);
    if (answer === undefined || status >= 500) {
      const said = answer === undefined ? "what is not from Nacos" : answer.message.slice(0, MAX_SAID);
      const message = `The Nacos server ${host} answered ${status}${said === "" ? "" : `: ${said}`}.`;
      throw new RuntimeError("EXTERNAL_SERVICE_ERROR", message);
    }
    return answer;
  }
}

const MAX_SAID = 200;
