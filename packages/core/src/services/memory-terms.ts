import { fromMessageText, type MessageText } from "./message-text.ts";
import { searchTerms } from "./search-terms.ts";

/** What a remembered message can be found by: the terms of its text parts. */
export function memoryTerms(text: MessageText): ReadonlySet<string> {
  const parts = fromMessageText(text).content ?? [];
  const texts = parts.map((part) => (part.type === "text" ? part.text : undefined));
  return searchTerms(texts.filter((part) => part != null).join("\n"), { single: true });
}
