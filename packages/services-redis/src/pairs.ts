/** What a script returned by turns, two by two. */
export function pairs(reply: unknown): [string, string][] {
  const flat = reply as readonly unknown[];
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    String(flat[2 * index]),
    String(flat[2 * index + 1]),
  ]);
}
