/**
 * Parses a search for bans.
 *
 * @module
 */

import { parseDuration } from "../lib/base/duration.ts";
import type { BanFilter } from "../lib/wire/operator_bans.ts";

/** A filter whose words the publisher has not checked yet. */
export type TypedFilter = { readonly [K in keyof BanFilter]: unknown };

/** A description of the search syntax. */
export const SEARCH_HELP =
  "an address or network, jail:sshd, node:web1, since:2h, not-enforced";

/**
 * Parses a search.
 *
 * @param nowMs Milliseconds since 1970.
 * @returns The filter, or the first invalid word.
 *
 * @example
 * ```ts
 * import { readSearch } from "./search.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(readSearch("jail:", 0), { wrong: "jail:" });
 * ```
 */
export function readSearch(
  text: string,
  nowMs: number,
): { readonly filter: TypedFilter } | { readonly wrong: string } {
  const filter: Record<keyof BanFilter, unknown> = {
    ...{ jail: null, node: null, at: null, within: null, sinceMs: null },
    notEnforced: false,
  };
  for (const word of text.split(/\s+/).filter((it) => it !== "")) {
    const [, key = "", value = ""] = /^(jail|node|since):(.+)$/.exec(word) ??
      [];
    if (key === "since") {
      const seconds = parseDuration(value);
      if (seconds === undefined || seconds <= 0) return { wrong: word };
      filter.sinceMs = Math.max(0, Math.round(nowMs - seconds * 1_000));
    } else if (key === "jail" || key === "node") filter[key] = value;
    else if (word === "not-enforced") filter.notEnforced = true;
    else {
      const network = typedNetwork(word);
      if (network === undefined) return { wrong: word };
      filter[network.includes("/") ? "within" : "at"] = network;
    }
  }
  return { filter };
}

/**
 * Whether changes can be shown without asking the publisher which bans match.
 */
export function isPlain(filter: TypedFilter): boolean {
  return Object.values(filter).every((value) =>
    value === null || value === false
  );
}

/**
 * An address or prefix in the publisher's spelling; `undefined` when invalid.
 */
export function typedNetwork(text: string): string | undefined {
  const [, base = "", bits = ""] =
    /^([0-9a-fA-F.:]+)(\/\d{1,3})?$/.exec(text) ?? [];
  if (base.includes(":")) {
    const canonical = URL.parse(`http://[${base}]/`)?.hostname.slice(1, -1);
    if (canonical === undefined) return undefined;
    return bits === "/128" ? canonical : `${canonical}${bits}`;
  }
  const isIpv4 = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(base) &&
    base.split(".").every((part) => Number(part) <= 255);
  if (!isIpv4) return undefined;
  return bits === "/32" ? base : `${base}${bits}`;
}
