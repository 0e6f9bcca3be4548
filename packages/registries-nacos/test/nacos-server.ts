import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

type Json = Record<string, unknown>;
type Fault = (request: IncomingMessage, response: ServerResponse) => void;

export interface NacosServerOptions {
  /** Keeps cards as Nacos 3.1 does, without the interfaces of A2A 1.0; otherwise as later ones do. */
  readonly former?: boolean;
  readonly user?: { readonly username: string; readonly password: string };
  /** How many seconds a token is said to be good for. */
  readonly tokenTtl?: number;
  /** Listens there, instead of on a free port. */
  readonly port?: number;
}

interface Agent {
  latest: string | undefined;
  readonly versions: Map<string, Json>;
}

/**
 * Speaks what Nacos documents of its admin API for agents, over a socket: forms in, its envelope out. It is a stand-in:
 * what real servers do beyond that is not known to it.
 */
export class NacosServer {
  /** What was asked, such as `POST /nacos/v3/admin/ai/a2a`. */
  readonly requests: string[] = [];
  /** How the next requests go wrong, each but once. */
  readonly faults: Fault[] = [];
  /** How every request goes wrong. */
  fault: Fault | undefined;
  readonly tokens = new Set<string>();
  readonly #agents = new Map<string, Agent>();
  readonly #options: NacosServerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  private constructor(options: NacosServerOptions) {
    this.#options = options;
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Listens on this machine until the test ends. */
  static async start(options: NacosServerOptions = {}): Promise<NacosServer> {
    const server = new NacosServer(options);
    await new Promise<void>((resolve) => server.#server.listen(options.port ?? 0, "127.0.0.1", resolve));
    onTestFinished(() => server.stop());
    return server;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** The card of a version as it is kept. */
  card(name: string, version: string, namespace = "public"): Json | undefined {
    return this.#agents.get(`${namespace} ${name}`)?.versions.get(version);
  }

  /** Each version of an agent, the latest with a star. */
  versions(name: string, namespace = "public"): string[] {
    const { versions = new Map(), latest } = this.#agents.get(`${namespace} ${name}`) ?? {};
    return [...versions.keys()].map((version) => (version === latest ? `${version}*` : version));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://nacos");
    this.requests.push(`${request.method} ${url.pathname}`);
    const fault = this.faults.shift() ?? this.fault;
    if (fault !== undefined) return fault(request, response);
    const form = await readForm(request, url);
    const send = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const ok = (data: unknown) => send(200, { code: 0, message: "success", data });
    const no = (status: number, code: number, message: string) => send(status, { code, message, data: null });

    if (url.pathname === "/nacos/v3/auth/user/login") return this.#logIn(form, send);
    if (this.#options.user !== undefined && !this.tokens.has(String(request.headers.accesstoken))) {
      return void no(403, 10_001, `access denied: token ${request.headers.accesstoken} expired!`);
    }
    const path = url.pathname.replace("/nacos/v3/admin/ai/a2a", "");
    const namespace = form.get("namespaceId") || "public";
    const name = form.get("agentName") ?? "";
    const agent = this.#agents.get(`${namespace} ${name}`);
    if (path === "/list") return void ok(this.#list(namespace, form));
    if (request.method === "GET") {
      if (name === "") return void no(400, 10_000, "Required parameter 'name' type String is not present");
      if (agent === undefined) return void no(404, 50_100, `Agent not found: ${name}`);
      if (path === "/version/list") {
        return void ok(
          [...agent.versions.keys()].map((each) => ({ version: each, latest: each === agent.latest })),
        );
      }
      const version = form.get("version") || agent.latest;
      const card = agent.versions.get(version ?? "");
      if (card === undefined) return void no(404, 50_101, `Agent ${name} version ${version} not found.`);
      return void ok({ ...card, registrationType: "URL", latestVersion: version === agent.latest });
    }
    if (request.method === "DELETE") {
      this.#delete(`${namespace} ${name}`, form.get("version") ?? "");
      return void ok("ok");
    }
    const card = this.#normalize(JSON.parse(form.get("agentCard") ?? "{}"));
    if (card === undefined) return void no(400, 10_000, "Required parameter `agentCard` is incomplete");
    const key = `${namespace} ${card.name}`;
    const known = this.#agents.get(key);
    const version = String(card.version);
    if (request.method === "POST") {
      if (known !== undefined) return void no(409, 20_005, `AgentCard name ${card.name} already exist`);
      this.#agents.set(key, { latest: version, versions: new Map([[version, card]]) });
      return void ok("ok");
    }
    if (known === undefined) return void no(404, 50_100, `Agent not found: ${card.name}`);
    const before = known.versions.get(version);
    const isOther = before !== undefined && JSON.stringify(before) !== JSON.stringify(card);
    if (isOther && !this.#options.former) return void no(409, 20_005, "the version has other content");
    known.versions.set(version, card);
    if (form.get("setAsLatest") === "true") known.latest = version;
    return void ok("ok");
  }

  #logIn(form: URLSearchParams, send: (status: number, body: unknown) => void): void {
    const { user, tokenTtl = 18_000 } = this.#options;
    if (form.get("username") !== user?.username || form.get("password") !== user?.password) {
      send(403, { code: 10_001, message: `user not found: ${form}`, data: null });
      return;
    }
    const accessToken = `token-${crypto.randomUUID()}`;
    this.tokens.add(accessToken);
    send(200, { accessToken, tokenTtl, globalAdmin: true, username: user?.username });
  }

  #list(namespace: string, form: URLSearchParams): Json {
    const size = Number(form.get("pageSize"));
    const all = [...this.#agents].filter(([key]) => key.startsWith(`${namespace} `));
    const items = all.slice((Number(form.get("pageNo")) - 1) * size).slice(0, size);
    return {
      totalCount: all.length,
      pagesAvailable: Math.ceil(all.length / size),
      pageItems: items.map(([key, { latest }]) => ({
        name: key.slice(namespace.length + 1),
        latestPublishedVersion: latest,
      })),
    };
  }

  #delete(key: string, version: string): void {
    const agent = this.#agents.get(key);
    if (agent === undefined) return;
    agent.versions.delete(version);
    if (agent.versions.size === 0) this.#agents.delete(key);
    // Former ones are left without a latest version then.
    if (agent.latest === version)
      agent.latest = this.#options.former ? undefined : [...agent.versions.keys()].at(-1);
  }

  #normalize(card: Json): Json | undefined {
    const { supportedInterfaces, ...former } = card as { supportedInterfaces?: Json[] } & Json;
    const lists = [card.security, card.securityRequirements].flatMap((all) => all ?? []) as Json[];
    if (!lists.every((one) => Object.values(one).every(Array.isArray))) return undefined;
    if (!card.name || !card.version) return undefined;
    if (this.#options.former)
      return card.url && card.preferredTransport && card.protocolVersion ? former : undefined;
    const [first, ...others] = supportedInterfaces ?? [];
    if (first === undefined) return former;
    const { url, protocolBinding, protocolVersion } = first;
    const main = { url, preferredTransport: protocolBinding, protocolVersion };
    return { ...card, ...main, additionalInterfaces: others };
  }
}

/** Answers with that status and text. */
export function answering(status: number, text: string, headers: Record<string, string> = {}): Fault {
  return (_, response) => void response.writeHead(status, headers).end(text);
}

/** Never answers. */
export const hanging: Fault = () => undefined;

async function readForm(request: IncomingMessage, url: URL): Promise<URLSearchParams> {
  if (request.method === "GET" || request.method === "DELETE") return url.searchParams;
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  return new URLSearchParams(isForm ? text : "");
}
