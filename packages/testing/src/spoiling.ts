import fc from "fast-check";

/** A place in a value, by the keys that lead to it, and what is to stand there instead. */
export type Spoiling = readonly [path: readonly (string | number)[], value: unknown];

/** Up to two spoilings of a body that is sound: at any of its places, itself among them, something hostile. */
export function arbitrarySpoilings(
  sound: unknown,
  hostile: fc.Arbitrary<unknown>,
): fc.Arbitrary<readonly Spoiling[]> {
  return fc.array(fc.tuple(fc.constantFrom(...pathsIn(sound)), hostile), { maxLength: 2 });
}

/** The body with those places spoilt, one after the other. The body itself stays as it is. */
export function spoil(body: unknown, spoilings: readonly Spoiling[]): unknown {
  return spoilings.reduce(replace, body);
}

function pathsIn(value: unknown, path: Spoiling[0] = []): Spoiling[0][] {
  if (typeof value !== "object" || value === null) return [path];
  const steps: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return [path, ...steps.flatMap(([key, inner]) => pathsIn(inner, [...path, key]))];
}

function replace(body: unknown, [path, value]: Spoiling): unknown {
  const [key, ...rest] = path;
  if (key === undefined || typeof body !== "object" || body === null) return value;
  const copy: object = Array.isArray(body) ? [...body] : { ...body };
  Reflect.set(copy, key, replace(Reflect.get(copy, key), [rest, value]));
  return copy;
}
