/**
 * The fleet's allowlist: whom nobody bans in the whole cluster, whoever says so.
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

/** The allowlist as nodes are told it. */
export interface Allowlist {
  /**
   * Names the list by what is on it: one with other networks has another, but
   * for a chance of 1 in 2^32. Says nothing of which is newer; 0: none is on it.
   */
  readonly revision: number;
  /** Addresses and prefixes, each once. */
  readonly ignore: readonly Address[];
}

/** Nobody. */
export const EMPTY_ALLOWLIST: Allowlist = { revision: 0, ignore: [] };

/**
 * Says who is on the allowlist at a time.
 *
 * @param allowed The entries, those that are over among them.
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
  // Only the list of nobody has a 0.
  const revision = ignore.length === 0 ? 0 : checksum(...ignore) || 1;
  return { revision, ignore };
}

/** How a node keeps the list that it was told last. */
export const ALLOWLIST_FORM: StoredForm<Allowlist> = versioned(
  "the allowlist",
  record<Versioned<Allowlist>>({
    version: integer("version", 1, 1),
    revision: integer("revision", 0),
    ignore: list("ignore", text("ignore", parseAddress), 0, MAX_IGNORE),
  }),
);
