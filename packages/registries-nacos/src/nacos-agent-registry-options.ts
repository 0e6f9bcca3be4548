export interface NacosAgentRegistryOptions {
  /**
   * Where Nacos is: `127.0.0.1:8848` or `https://nacos.example.com`, with the path where it is not `/nacos`. Of several
   * the next is asked where one does not answer.
   */
  readonly servers: string | readonly string[];
  /** The namespace's id. Defaults to `public`. */
  readonly namespace?: string | undefined;
  /** Needed where Nacos asks who comes, unless there is a `token`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Instead of a username: the access token, asked for before each request. */
  readonly token?: (() => string | Promise<string>) | undefined;
  /** Whether a version becomes the one that is found by default when it registers. Defaults to true. */
  readonly setAsLatest?: boolean | undefined;
  /** How long a server may take to answer, in milliseconds. Defaults to 5000. */
  readonly timeout?: number | undefined;
  /**
   * How often to see whether registered agents are still known, in milliseconds; those that are not are registered
   * again. Defaults to 15,000; 0 for never.
   */
  readonly checkInterval?: number | undefined;
}
