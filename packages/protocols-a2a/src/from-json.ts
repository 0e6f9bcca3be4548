import { RequestMalformedError } from "@a2a-js/sdk/errors";

/** What `json` stands for; throws `RequestMalformedError`, where the SDK would stumble over what it did not expect. */
export function fromJson<Value>(codec: { fromJSON(json: object): Value }, json: object): Value {
  try {
    return codec.fromJSON(json);
  } catch (error) {
    throw new RequestMalformedError({
      message: "The request has values that do not belong there.",
      cause: error,
    });
  }
}
