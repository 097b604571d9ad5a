/**
 * The JSON schemas in `docs/`.
 *
 * @module
 */

import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";

/**
 * Validates a value with a schema of draft 2020-12.
 *
 * @param schema The schema.
 * @param value A JSON value.
 * @returns The errors; empty when it is valid.
 */
export function schemaFaults(
  schema: object,
  value: unknown,
): readonly string[] {
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    formats: { "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ },
  });
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }: ErrorObject) =>
    `${instancePath} ${message}`
  );
}

/**
 * Prepares an older version's schema for a newer version's output, which may
 * have further fields.
 *
 * @param schema The older schema, as JSON.
 * @returns The schema without restrictions on further fields.
 */
export function grownSchema(schema: object): object {
  const closing = ["additionalProperties", "unevaluatedProperties"];
  return JSON.parse(
    JSON.stringify(schema),
    (key, value) =>
      closing.includes(key) && value === false ? undefined : value,
  );
}
