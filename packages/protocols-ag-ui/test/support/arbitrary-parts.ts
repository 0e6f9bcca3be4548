import type { AgentPart } from "@agentscope-runtime/core";
import { arbitraryPart as anyPart } from "@agentscope-runtime/testing";
import fc from "fast-check";

const key = fc.constantFrom("a", "b", "0", "__proto__", "a/b~", "");
const agentState = fc.oneof(fc.dictionary(key, fc.jsonValue(), { maxKeys: 4 }), fc.jsonValue());
const path = fc.oneof(
  fc.constantFrom("", "/a", "/b", "/a/b", "/a/0", "/-", "/__proto__", "/__proto__/x", "nowhere", "/a~1b~0"),
  fc.string({ maxLength: 4 }),
);
const operation: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  fc.record({ op: fc.constantFrom("add", "replace", "test"), path, value: fc.jsonValue() }),
  fc.record({ op: fc.constantFrom("move", "copy"), from: path, path }),
  fc.record({ op: fc.constantFrom("remove", "add", "hop"), path }),
);

/** Any part, with those of which AG-UI makes more than others do. */
export const arbitraryPart: fc.Arbitrary<AgentPart> = fc.oneof(
  { weight: 11, arbitrary: anyPart },
  fc.record({
    kind: fc.constant("step" as const),
    name: fc.constantFrom("plan", "act", ""),
    status: fc.constantFrom("started", "finished" as const),
  }),
  fc.record({ kind: fc.constant("state-snapshot" as const), snapshot: agentState }),
  fc.record({ kind: fc.constant("state-patch" as const), patch: fc.array(operation, { maxLength: 3 }) }),
);
