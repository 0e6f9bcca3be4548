/** A media type without its parameters. */
export function mediaType(header: string | null | undefined): string {
  return (header ?? "").split(";", 1).join("").trim().toLowerCase();
}
