/**
 * The cluster's allowlist: networks that no node ever bans.
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import type { AllowedNetwork } from "../members/member.ts";
import { checksum } from "../base/checksum.ts";
import {
  type StoredForm,
  type Versioned,
  versioned,
} from "../base/json_form.ts";
import { MAX_IGNORE } from "../base/bounds.ts";
import { integer, list, record, text } from "../base/json_shape.ts";

/** The allowlist as it is sent to nodes. */
export interface Allowlist {
  /**
   * Derived from the networks: a different list has a different number, except
   * with a probability of 1 in 2^32. It does not tell which list is newer. 0
   * means that the list is empty.
   */
  readonly revision: number;
  /** Addresses and prefixes, each once. */
  readonly ignore: readonly Address[];
}

/** The empty list. */
export const EMPTY_ALLOWLIST: Allowlist = { revision: 0, ignore: [] };

/**
 * Computes the allowlist at a time.
 *
 * @param allowed The entries, including expired ones.
 * @param nowMs Milliseconds since 1970.
 *
 * @example
 * ```ts
 * import { allowlistAt } from "./allowlist.ts";
 * import { parseAddress } from "../base/address.ts";
 * import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
 *
 * const network = parseAddress("192.0.2.0/24");
 * ok(network);
 * const allowed = [{ network, untilMs: 5_000, note: "", addedMs: 0 }];
 * deepStrictEqual(allowlistAt(allowed, 4_999).ignore, ["192.0.2.0/24"]);
 * strictEqual(allowlistAt(allowed, 5_000).revision, 0);
 * ```
 */
export function allowlistAt(
  allowed: readonly AllowedNetwork[],
  nowMs: number,
): Allowlist {
  const networks = allowed.flatMap(({ network, untilMs }) =>
    untilMs === null || untilMs > nowMs ? [network] : []
  );
  const ignore = [...new Set(networks)].sort();
  // Only the empty list has the number 0.
  const revision = ignore.length === 0 ? 0 : checksum(...ignore) || 1;
  return { revision, ignore };
}

/** The form in which a node stores the last list that it received. */
export const ALLOWLIST_FORM: StoredForm<Allowlist> = versioned(
  "the allowlist",
  record<Versioned<Allowlist>>({
    version: integer("version", 1, 1),
    revision: integer("revision", 0),
    ignore: list("ignore", text("ignore", parseAddress), 0, MAX_IGNORE),
  }),
);
