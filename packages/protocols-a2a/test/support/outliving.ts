import type { Service } from "@agentscope-runtime/core";

/** A service that several apps share: none of them stops it. */
export function outliving<Shared extends Service>(service: Shared): Shared {
  return new Proxy(service, {
    get: (target, key) => {
      if (key === "stop") return async () => undefined;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
