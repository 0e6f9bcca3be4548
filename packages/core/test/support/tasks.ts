import { post } from "./post.ts";

type Json = Record<string, unknown>;

/** Submits a task; throws where it is refused. */
export async function submit(
  url: string,
  body: unknown = null,
  headers: Readonly<Record<string, string>> = {},
): Promise<Json> {
  const answer = await post(url, body, headers);
  if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Json;
}

/** The JSON that is there; throws where there is none. */
export async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Json> {
  const answer = await fetch(url, { headers });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Json;
}
