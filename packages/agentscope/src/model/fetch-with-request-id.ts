/**
 * `fetch`, with the request id of a failed answer in its `x-request-id` header. DashScope puts the id into the body,
 * next to the `error` member that is all the SDK keeps.
 */
export async function fetchWithRequestId(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const response = await fetch(input, init);
  if (response.ok || response.headers.has("x-request-id")) return response;
  const text = await response.text();
  const headers = new Headers(response.headers);
  // The text is decoded already.
  headers.delete("content-encoding");
  headers.delete("content-length");
  const requestId = requestIdOf(text);
  if (requestId !== undefined) headers.set("x-request-id", requestId);
  return new Response(text, { status: response.status, statusText: response.statusText, headers });
}

function requestIdOf(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null || !("request_id" in body)) return undefined;
    return typeof body.request_id === "string" && /^[\w-]+$/.test(body.request_id)
      ? body.request_id
      : undefined;
  } catch {
    return undefined;
  }
}
