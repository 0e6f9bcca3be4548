import { RuntimeError } from "@agentscope-runtime/core";
import { z } from "zod";
import type { NacosAgentRegistryOptions } from "./nacos-agent-registry-options.ts";
import { isConflict, isNotFound, isRefused, type NacosAnswer } from "./nacos-answer.ts";
import { NacosHttp, type NacosRequest } from "./nacos-http.ts";
import { NacosLogin } from "./nacos-login.ts";
import { toServers } from "./nacos-server.ts";
import type { NacosCard } from "./to-nacos-card.ts";

/** A version of an agent, as Nacos lists them. */
export interface NacosAgentVersion {
  readonly version: string;
  /** Whether it is the one that is found by default. */
  readonly latest: boolean;
}

/** What came of a write. */
export type NacosWrite = "done" | "not found" | "conflict";

/** What Nacos can be asked about agents, as its admin API has it. */
export class NacosAgents {
  readonly #http: NacosHttp;
  readonly #namespaceId: string;
  readonly #login: NacosLogin | undefined;
  readonly #token: NacosAgentRegistryOptions["token"];

  constructor(options: NacosAgentRegistryOptions) {
    const { servers, namespace = "public", username, password, token, timeout = 5000 } = options;
    if (
      (username === undefined) !== (password === undefined) ||
      (username !== undefined && token !== undefined)
    ) {
      const message = "NacosAgentRegistry takes a username and a password, or a token, or neither.";
      throw new RuntimeError("CONFIGURATION_ERROR", message);
    }
    this.#http = new NacosHttp(toServers(servers), timeout);
    this.#namespaceId = namespace;
    this.#token = token;
    if (username !== undefined && password !== undefined) {
      this.#login = new NacosLogin(this.#http, username, password);
    }
  }

  /** Makes an agent known that was not. */
  create(card: NacosCard): Promise<NacosWrite> {
    return this.#write("POST", { agentCard: JSON.stringify(card), registrationType: "URL" });
  }

  /** Changes a version of an agent that is known, or adds one. */
  update(card: NacosCard, setAsLatest: boolean): Promise<NacosWrite> {
    const form = {
      agentCard: JSON.stringify(card),
      registrationType: "URL",
      setAsLatest: String(setAsLatest),
    };
    return this.#write("PUT", form);
  }

  /** Takes one version of an agent away. */
  delete(agentName: string, version: string): Promise<NacosWrite> {
    return this.#write("DELETE", { agentName, version });
  }

  /** The card of an agent's version, by default of the latest; `undefined` where there is none. */
  async get(agentName: string, version?: string): Promise<unknown> {
    const form = { agentName, ...(version === undefined ? {} : { version }) };
    const answer = await this.#send("GET", "", form);
    return isNotFound(answer) ? undefined : dataOf(answer);
  }

  /** The versions of an agent; none where it is not known. */
  async versions(agentName: string): Promise<readonly NacosAgentVersion[]> {
    const answer = await this.#send("GET", "/version/list", { agentName });
    if (isNotFound(answer)) return [];
    const versions = parse(Versions, dataOf(answer)) ?? [];
    return versions.map(({ version, latest }) => ({ version, latest: latest ?? false }));
  }

  /** The names of all agents of the namespace. */
  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    for (let pageNo = 1, pages = 1; pageNo <= pages; pageNo++) {
      const form = { agentName: "", search: "blur", pageNo: String(pageNo), pageSize: String(PAGE_SIZE) };
      const page = parse(NamesPage, dataOf(await this.#send("GET", "/list", form)));
      const items = page.pageItems ?? [];
      names.push(...items.map(({ name }) => name));
      if (items.length > 0) pages = page.pagesAvailable ?? pages;
    }
    return names;
  }

  async #write(method: "POST" | "PUT" | "DELETE", form: NacosRequest["form"]): Promise<NacosWrite> {
    const answer = await this.#send(method, "", form);
    if (isNotFound(answer)) return "not found";
    if (isConflict(answer)) return "conflict";
    dataOf(answer);
    return "done";
  }

  async #send(
    method: NacosRequest["method"],
    below: string,
    form: NacosRequest["form"],
  ): Promise<NacosAnswer> {
    const request = {
      method,
      path: `/v3/admin/ai/a2a${below}`,
      form: { namespaceId: this.#namespaceId, ...form },
    };
    const token = await (this.#login?.token() ?? this.#token?.());
    const answer = await this.#http.send({ ...request, token });
    if (!isRefused(answer.status) || this.#login === undefined || token === undefined) return answer;
    // It may have been given up before its time, such as by a server that was set up anew.
    this.#login.forget(token);
    return this.#http.send({ ...request, token: await this.#login.token() });
  }
}

/** What was asked for; throws where it was refused. */
function dataOf({ status, code, message, data }: NacosAnswer): unknown {
  if (status < 300 && code === 0) return data;
  if (isRefused(status)) {
    throw new RuntimeError("CONFIGURATION_ERROR", "Nacos does not let this user write, or read, its agents.");
  }
  const said = message === "" ? "" : `: ${message.slice(0, MAX_SAID)}`;
  throw new RuntimeError("EXTERNAL_SERVICE_ERROR", `Nacos answered ${status} (${code ?? "no code"})${said}.`);
}

function parse<Value>(schema: z.ZodType<Value>, data: unknown): Value {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new RuntimeError("EXTERNAL_SERVICE_ERROR", "Nacos answered what is not of its documented form.", {
    cause: parsed.error,
  });
}

const Versions = z.array(z.looseObject({ version: z.string(), latest: z.boolean().nullish() })).nullish();

const NamesPage = z.looseObject({
  pageItems: z.array(z.looseObject({ name: z.string() })).nullish(),
  pagesAvailable: z.number().int().nullish(),
});

const PAGE_SIZE = 100;
const MAX_SAID = 200;
