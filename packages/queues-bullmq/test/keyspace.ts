/** Makes services whose keys are their own, and others over the same keys. */
export class Keyspace<Service extends object, Options> {
  readonly #make: (prefix: string, options?: Options) => Service;
  readonly #prefixes = new WeakMap<Service, string>();
  #count = 0;

  constructor(make: (prefix: string, options?: Options) => Service) {
    this.#make = make;
  }

  create(options?: Options): Service {
    return this.#at(`space ${++this.#count}`, options);
  }

  reopen(service: Service, options?: Options): Service {
    return this.#at(this.#prefixes.get(service) ?? "", options);
  }

  #at(prefix: string, options: Options | undefined): Service {
    const service = this.#make(prefix, options);
    this.#prefixes.set(service, prefix);
    return service;
  }
}
