import type { KeyObject } from "node:crypto";

/** One thing that an agent can do, as its card tells. */
export interface A2ASkill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly examples?: readonly string[] | undefined;
  /** Media types, where they are others than the agent's. */
  readonly inputModes?: readonly string[] | undefined;
  readonly outputModes?: readonly string[] | undefined;
}

/** What an agent's card tells beside name, description and where it is. */
export interface A2ACardOptions {
  /** Defaults to the app's. */
  readonly description?: string | undefined;
  /** Of the agent. Defaults to `1.0.0`. */
  readonly version?: string | undefined;
  /** Defaults to one skill, `dialog`. */
  readonly skills?: readonly A2ASkill[] | undefined;
  /** Media types, such as `text/plain` or `image/*`. Parts of others are refused where this is given. */
  readonly inputModes?: readonly string[] | undefined;
  readonly outputModes?: readonly string[] | undefined;
  readonly provider?: { readonly organization: string; readonly url: string } | undefined;
  readonly documentationUrl?: string | undefined;
  readonly iconUrl?: string | undefined;
  /** By name, in A2A 1.0's words: `{ bearer: { httpAuthSecurityScheme: { scheme: "Bearer" } } }`. */
  readonly securitySchemes?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  /** Of which one has to be met: names of schemes, with scopes. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[] | undefined;
  readonly extensions?:
    | readonly {
        readonly uri: string;
        readonly description?: string | undefined;
        /** Whether only clients are served that say they know it. */
        readonly required?: boolean | undefined;
        readonly params?: Readonly<Record<string, unknown>> | undefined;
      }[]
    | undefined;
}

/** What cards are signed with: a JSON Web Signature over the canonical card. */
export interface A2ACardSignature {
  /** The private key, of `createPrivateKey`. */
  readonly key: KeyObject;
  /** Such as `ES256`. */
  readonly algorithm: string;
  /** Says to clients which public key to verify with. */
  readonly keyId: string;
  /** Where the public keys are. */
  readonly jwksUrl?: string | undefined;
}
