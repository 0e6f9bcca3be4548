/**
 * The distinct words of a text, folded so that case and width don't matter. Scripts that put no spaces between words
 * give pairs of neighbouring characters instead, and with `single` each character too, so that a search for one finds it.
 */
export function searchTerms(
  text: string,
  { single = false }: { readonly single?: boolean } = {},
): Set<string> {
  const terms = new Set<string>();
  // Upper case first: it unites what lower case keeps apart, such as `ß` and `ss`.
  for (const [run] of text.normalize("NFKC").toUpperCase().toLowerCase().matchAll(RUN)) {
    if (!UNSPACED.test(run)) {
      terms.add(run);
      continue;
    }
    const characters = [...run];
    for (const [index, character] of characters.entries()) {
      if (single || characters.length === 1) terms.add(character);
      const next = characters[index + 1];
      if (next !== undefined) terms.add(character + next);
    }
  }
  return terms;
}

const UNSPACED_SCRIPT = String.raw`[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]`;
const WORD_CHARACTER = String.raw`[\p{L}\p{M}\p{N}]`;
const UNSPACED = new RegExp(`^${UNSPACED_SCRIPT}`, "v");
const RUN = new RegExp(
  `[${WORD_CHARACTER}&&${UNSPACED_SCRIPT}]+|[${WORD_CHARACTER}--${UNSPACED_SCRIPT}]+`,
  "gv",
);
