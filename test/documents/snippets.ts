import { readFile } from "node:fs/promises";

/** The blocks of code of a Markdown document in one of these languages, in their order. */
export async function snippetsOf(document: string, ...languages: readonly string[]): Promise<string[]> {
  const fence = new RegExp(`^\`\`\`(?:${languages.join("|")})\n([\\s\\S]*?)^\`\`\``, "gm");
  const text = await readFile(document, "utf8");
  return [...text.matchAll(fence)].map(([, code = ""]) => code);
}
