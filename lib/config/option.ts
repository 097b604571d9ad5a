/**
 * The description of a configuration option.
 *
 * @module
 */

import type { ValueKind } from "./value_kinds.ts";

/** A configuration option. */
export interface Option<T, D extends string | undefined = string | undefined> {
  readonly kind: ValueKind<T>;
  /** As written in the file; `undefined`: no default. */
  readonly default: D;
  /** What happens if it is not set and has no default, as half a sentence. */
  readonly unset?: string;
  /** One sentence, with the unit. */
  readonly help: string;
  /** Whether its value is never shown. */
  readonly isSecret?: boolean;
  /** The part of a secret value that may be shown. @default {nothing} */
  readonly showSecret?: (text: string) => string;
  /** The value in the shipped file if there is no default. */
  readonly shipped?: string;
}

/** The type of an option's value. */
export type OptionValue<O> = O extends Option<infer T, infer D>
  ? D extends string ? T : T | undefined
  : never;

/** Creates an option, typed by its kind and default. */
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
