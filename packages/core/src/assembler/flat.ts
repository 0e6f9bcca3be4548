/**
 * A copy of a text that was put together of pieces: in memory it is one string, while the text itself keeps all of them.
 * For what is kept long or written often, and of JSON only, which holds no half characters.
 */
export function flat(json: string): string {
  return Buffer.from(json).toString();
}
