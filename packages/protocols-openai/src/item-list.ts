import { z } from "zod";
import { parameterError } from "./openai-error.ts";

/** Which part of a list of items, as it stands in a query. */
export interface ItemListQuery {
  readonly limit: number;
  readonly order: "asc" | "desc";
  readonly after?: string | undefined;
}

/** The schemas of its fields, for lists that come in that order where a query names none. */
export function itemListFields(usual: "asc" | "desc"): {
  readonly [Key in keyof ItemListQuery]-?: z.ZodType<ItemListQuery[Key]>;
} {
  return {
    limit: z.coerce.number().int().min(1).max(100).default(20),
    order: z.enum(["asc", "desc"]).default(usual),
    after: z
      .string()
      .max(1024)
      .transform((after) => after || undefined)
      .optional(),
  };
}

export const ItemListQuery: z.ZodType<ItemListQuery> = z.object(itemListFields("desc"));

/** A page of items as OpenAI lists them. */
export interface ItemList<Item> {
  readonly object: "list";
  readonly data: readonly Item[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

/** That part of all items, which come with the oldest first; throws `INVALID_PARAMETER` where `after` names none. */
export function toItemList<Item extends { readonly id: string }>(
  all: readonly Item[],
  { limit, order, after }: ItemListQuery,
): ItemList<Item> {
  const ordered = order === "asc" ? all : all.toReversed();
  const at = after === undefined ? -1 : ordered.findIndex(({ id }) => id === after);
  if (after !== undefined && at === -1) {
    throw parameterError("after", "invalid_value", `after: there is no item '${after}'.`);
  }
  const data = ordered.slice(at + 1, at + 1 + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: at + 1 + limit < ordered.length,
  };
}
