/**
 * The JSON schemas in `docs/`.
 *
 * @module
 */

import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";

/**
 * Holds a value against a schema of the draft of 2020.
 *
 * @param schema The schema.
 * @param value A value from JSON.
 * @returns What is wrong with it; empty: nothing.
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
 * What an older version's schema says of a newer one's outputs: fields may have come.
 *
 * @param schema The older schema, from JSON.
 * @returns The same without what forbids other fields.
 */
export function grownSchema(schema: object): object {
  const closing = ["additionalProperties", "unevaluatedProperties"];
  return JSON.parse(
    JSON.stringify(schema),
    (key, value) =>
      closing.includes(key) && value === false ? undefined : value,
  );
}
