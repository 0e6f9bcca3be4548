import { Ajv, type AnySchemaObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

/** What a {@link SchemaChecker} has looked at in a thread of its own. */
export interface SchemaTask {
  readonly schema: object;
  /** JSON; without it only the schema is looked at. */
  readonly json?: string | undefined;
}

/** What is wrong, with the schema or beside it; `undefined` if nothing is. */
export function check({ schema, json }: SchemaTask): string | undefined {
  const { $schema, ...rest } = schema as AnySchemaObject;
  // The others are alike enough; formats only tell what a text is meant for.
  const Validator = String($schema).includes("draft-07") ? Ajv : Ajv2020;
  const validator = new Validator({ strict: false, validateFormats: false, logger: false });
  // It is a mere note in today's drafts, which some generators leave.
  validator.removeKeyword("id");
  const validate = validator.compile(rest);
  if (json === undefined || validate(JSON.parse(json))) return undefined;
  return validator.errorsText(validate.errors, { dataVar: "answer" });
}
