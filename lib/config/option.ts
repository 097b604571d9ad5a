/**
 * The description of one option of the configuration.
 *
 * @module
 */

import type { ValueKind } from "./value_kinds.ts";

/** One option. */
export interface Option<T, D extends string | undefined = string | undefined> {
  readonly kind: ValueKind<T>;
  /** As written in the file; `undefined`: there is none. */
  readonly default: D;
  /** The behaviour when it is not set and has no default, as half a sentence. */
  readonly unset?: string;
  /** One sentence, with the unit. */
  readonly help: string;
  /** Its value is never shown. */
  readonly isSecret?: boolean;
  /** What is shown of a secret value. @default {nothing} */
  readonly showSecret?: (text: string) => string;
  /** What the shipped file sets where there is no default. */
  readonly shipped?: string;
}

/** The type of an option's value. */
export type OptionValue<O> = O extends Option<infer T, infer D>
  ? D extends string ? T : T | undefined
  : never;

/** Types an option by its kind and default. */
export function option<T, D extends string | undefined>(spec: {
  readonly kind: ValueKind<T>;
  readonly default: D;
  readonly unset?: string;
  readonly help: string;
  readonly isSecret?: boolean;
  readonly showSecret?: (text: string) => string;
  readonly shipped?: string;
}): Option<T, D> {
  return spec;
}
