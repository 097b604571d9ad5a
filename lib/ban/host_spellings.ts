/**
 * Keeps one spelling for each host.
 *
 * @module
 */

import { canonicalHost, type HostName } from "../base/host_name.ts";

/**
 * Maximum number of remembered names; further names are spelled in lower case.
 */
const MAX_NAMES = 100_000;

/**
 * Remembers the first spelling of each host name: names are compared without
 * case, and shown as their hosts write them.
 *
 * @example
 * ```ts
 * import { HostSpellings } from "./host_spellings.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const [first, again] = [parseHostName("Web-1"), parseHostName("WEB-1")];
 * ok(first && again);
 * const spellings = new HostSpellings();
 * strictEqual(spellings.spell(first), "Web-1");
 * strictEqual(spellings.spell(again), "Web-1");
 * ```
 */
export class HostSpellings {
  readonly #names = new Map<HostName, HostName>();

  /** Returns the remembered spelling of a name. */
  spell(name: HostName): HostName {
    const key = canonicalHost(name);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    if (this.#names.size >= MAX_NAMES) return key;
    this.#names.set(key, name);
    return name;
  }
}
