import { open } from "node:fs/promises";

const MAX_LINES = 20;
const MAX_BYTES = 8 * 1024;

/** The last lines of a file, 20 and 8 KiB at most; none if it can't be read. */
export async function lastLines(path: string): Promise<string[]> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const start = Math.max(0, size - MAX_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, start);
    const lines = buffer.toString("utf8", 0, bytesRead).trimEnd().split("\n");
    // The first one may have been cut.
    return (start === 0 ? lines : lines.slice(1)).filter((line) => line !== "").slice(-MAX_LINES);
  } catch {
    return [];
  }
}
