import type { Logger } from "../contracts/logger.ts";
import type { RunStore } from "../contracts/run-store.ts";

export interface RunLeasesOptions {
  readonly store: RunStore;
  readonly log: Logger;
  /** The owners that this process runs runs as. */
  readonly owners: () => Iterable<string>;
  /** Gives up the runs that others have taken over; resolves to false if that can't be told of all of them. */
  readonly check: () => Promise<boolean>;
}

/**
 * Says again and again that this process lives, on a timer of its own that nothing else holds up. Where it may have been
 * said too late, the runs are checked, until they all could be.
 */
export class RunLeases {
  readonly #options: RunLeasesOptions;
  #timer: NodeJS.Timeout | undefined;
  #renewing = false;
  #checking = false;
  #suspect = false;
  /** When the last renewal that succeeded was sent, and the first one since the last that failed; by `performance.now`. */
  #heard: number | undefined;
  #steadySince: number | undefined;

  constructor(options: RunLeasesOptions) {
    this.#options = options;
  }

  /** True once every living owner had the time to be heard since the store came back, or since this process began. */
  get steady(): boolean {
    return (
      this.#steadySince !== undefined && performance.now() - this.#steadySince >= this.#options.store.leaseTtl
    );
  }

  start(): void {
    this.#timer = setInterval(this.#beat, this.#options.store.leaseTtl / 3).unref();
    this.#beat();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  readonly #beat = (): void => {
    // A slow store is not asked a second time before it has answered.
    if (!this.#renewing) this.#renew();
    if (this.#suspect && !this.#checking) this.#check();
  };

  async #renew(): Promise<void> {
    const { store, owners, log } = this.#options;
    const sent = performance.now();
    this.#renewing = true;
    try {
      const held = await Promise.all([...owners()].map((owner) => store.renew(owner)));
      const now = performance.now();
      const late = now - sent > store.leaseTtl / 2;
      const silent = late || sent - (this.#heard ?? sent) > store.leaseTtl;
      if (silent || held.includes(false)) this.#suspect = true;
      this.#heard = sent;
      // What kept this process from being heard may have kept others from it, too.
      if (late) this.#steadySince = now;
      else this.#steadySince ??= now;
    } catch (error) {
      if (this.#steadySince !== undefined || this.#heard === undefined) {
        log.error({ err: error }, "the run store can't be reached: leases may be lost");
      }
      this.#steadySince = undefined;
      this.#suspect = true;
    } finally {
      this.#renewing = false;
    }
    if (this.#suspect && !this.#checking) this.#check();
  }

  async #check(): Promise<void> {
    this.#checking = true;
    this.#suspect = !(await this.#options.check().catch(() => false));
    this.#checking = false;
  }
}
