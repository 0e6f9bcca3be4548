// What the SDK's helpers make of a schema, for tests of packages that don't depend on the SDK.
export { zodFunction, zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
export { z } from "zod";
