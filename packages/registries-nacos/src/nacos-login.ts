import { RuntimeError } from "@agentscope-runtime/core";
import { z } from "zod";
import { isRefused } from "./nacos-answer.ts";
import type { NacosHttp } from "./nacos-http.ts";

/** Gets access tokens for a username and a password, and keeps them for as long as they are good. */
export class NacosLogin {
  readonly #http: NacosHttp;
  readonly #username: string;
  readonly #password: string;
  #token: string | undefined;
  #goodUntil = 0;
  #login: Promise<string> | undefined;

  constructor(http: NacosHttp, username: string, password: string) {
    this.#http = http;
    this.#username = username;
    this.#password = password;
  }

  /** The token that is known, else a new one; who asks meanwhile gets the same. */
  async token(): Promise<string> {
    if (this.#token !== undefined && performance.now() < this.#goodUntil) return this.#token;
    this.#login ??= this.#logIn().finally(() => {
      this.#login = undefined;
    });
    return this.#login;
  }

  /** Forgets a token that was refused, unless there is a newer one. */
  forget(token: string): void {
    if (this.#token === token) this.#token = undefined;
  }

  async #logIn(): Promise<string> {
    const asked = performance.now();
    const form = { username: this.#username, password: this.#password };
    const answer = await this.#http.send({ method: "POST", path: "/v3/auth/user/login", form });
    // Not what it says: that may hold what was sent.
    if (isRefused(answer.status)) {
      throw new RuntimeError("CONFIGURATION_ERROR", "Nacos refuses the username and the password.");
    }
    const granted = Granted.safeParse(answer.data);
    if (answer.status >= 300 || !granted.success) {
      throw new RuntimeError("EXTERNAL_SERVICE_ERROR", `Nacos gave no token, but answered ${answer.status}.`);
    }
    const { accessToken, tokenTtl } = granted.data;
    this.#token = accessToken;
    // A new one is asked for before the old one is refused.
    this.#goodUntil = tokenTtl == null ? Number.POSITIVE_INFINITY : asked + tokenTtl * 1000 * 0.9;
    return accessToken;
  }
}

const Granted = z.looseObject({ accessToken: z.string().min(1), tokenTtl: z.number().nullish() });
