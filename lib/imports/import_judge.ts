/**
 * Judges a list before it is imported: each entry, and the list as a whole.
 *
 * The whole list is refused when
 * - it has more entries than allowed (checked by `import_uploads.ts`),
 * - it has more entries with protected addresses than tolerated,
 * - it is the first of its name, contains a whole special network such as
 *   0.0.0.0/8, and no tolerance was given: an operator who imports by hand can
 *   look, while a feed that has been good should not stop because of one line,
 * - it covers more than 1 % of IPv4, refused entries included,
 * - nothing is left of it, or most of it is not an address.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import {
  type ProtectionPolicy,
  type ProtectionRule,
  type Refusal,
  refusal,
} from "../protection/protection_policy.ts";
import {
  type ImportOrder,
  MAX_REFUSALS,
  type RefusedEntry,
} from "../wire/operator_imports.ts";
import { Ipv4Coverage } from "./ipv4_coverage.ts";

/** Why a whole list is refused. */
export interface WholeRefusal {
  /** Follows the list's name, as in `names more than ...`. */
  readonly reason: string;
  readonly hint: string;
}

/** Default tolerance: entries with protected addresses. */
export const USUAL_TOLERATED = 10;

/** 1 % of all IPv4 addresses. */
const MAX_IPV4 = 2 ** 32 / 100;
/** Number of refused entries that a whole refusal names. */
const MAX_NAMED = 5;

const NO_FLOOR = { minPrefix4Bits: 0, minPrefix6Bits: 0 };

/** Rules for networks that are never a remote host's. */
const SPECIAL_RULES: ReadonlySet<ProtectionRule> = new Set<ProtectionRule>([
  "unspecified",
  "loopback",
  "link-local",
  "multicast",
  "broadcast",
  "mapped",
]);

/** Judges the entries of a list, one after the other. */
export class ImportJudge {
  /** Number of refused entries. */
  refused = 0;
  /** The first refused entries. */
  readonly refusals: RefusedEntry[] = [];
  /** Number of entries that repeat another. */
  repeated = 0;
  /** The addresses that may be banned. */
  readonly accepted = new Set<Address>();
  /** All IPv4 addresses in the list, refused or not. */
  readonly coverage = new Ipv4Coverage();
  readonly #policy: ProtectionPolicy;
  /** The same without limits for the width of a prefix. */
  readonly #open: ProtectionPolicy;
  readonly #order: ImportOrder;
  readonly #isFirst: boolean;
  /** The first entries with protected addresses. */
  readonly #dangers: RefusedEntry[] = [];
  #dangerCount = 0;
  #special: RefusedEntry | undefined;

  /**
   * @param policy The protected addresses.
   * @param order The import.
   * @param isFirst Whether there is no import of its name yet.
   */
  constructor(policy: ProtectionPolicy, order: ImportOrder, isFirst: boolean) {
    this.#policy = {
      ...policy,
      minPrefix4Bits: order.widest4 ?? policy.minPrefix4Bits,
      minPrefix6Bits: order.widest6 ?? policy.minPrefix6Bits,
    };
    this.#open = { ...policy, ...NO_FLOOR };
    this.#order = order;
    this.#isFirst = isFirst;
  }

  /** Judges an entry. */
  judge(at: number, address: Address): void {
    this.coverage.add(address);
    const against = this.#against(address);
    if (against === undefined) {
      if (this.accepted.has(address)) this.repeated++;
      else this.accepted.add(address);
      return;
    }
    const refused = { at, address, ...against };
    this.refused++;
    if (this.refusals.length < MAX_REFUSALS) this.refusals.push(refused);
    if (against.rule === "too-wide") return;
    this.#dangerCount++;
    if (this.#dangers.length < MAX_NAMED) this.#dangers.push(refused);
    if (SPECIAL_RULES.has(against.rule) && address.includes("/")) {
      this.#special ??= refused;
    }
  }

  /** The reason against an entry; protection takes precedence over width. */
  #against(address: Address): Refusal | undefined {
    const against = refusal(address, this.#open);
    // Only a prefix can be too wide.
    return against ??
      (address.includes("/") ? refusal(address, this.#policy) : undefined);
  }

  /**
   * Judges the whole list, after all entries.
   *
   * @param covered Number of IPv4 addresses in it; see {@link Ipv4Coverage}.
   * @returns Why it is refused; `undefined`: it may be taken.
   */
  whole(covered: number): WholeRefusal | undefined {
    const { faults, tolerate } = this.#order;
    if (covered > MAX_IPV4) {
      const percent = (100 * covered / 2 ** 32).toFixed(1);
      return {
        reason: `it names ${percent} % of all IPv4 addresses`,
        hint:
          "an import may name 1 % of them at most: leave out its widest lines",
      };
    }
    if (this.#dangerCount > (tolerate ?? USUAL_TOLERATED)) {
      return {
        reason: `it names what nobody may ban in ${this.#dangerCount} places: ${
          this.#placesText(this.#dangers)
        }`,
        hint: `--tolerate N is how many may be left out [${USUAL_TOLERATED}]`,
      };
    }
    if (this.#isFirst && tolerate === null && this.#special !== undefined) {
      return {
        reason: `it names ${this.#placesText([this.#special])}`,
        hint:
          `--tolerate ${USUAL_TOLERATED} leaves such networks out of a list that is new`,
      };
    }
    if (this.accepted.size === 0) {
      return {
        reason: "nothing of it can be banned",
        hint:
          "is it a list, and of the format that --format says? import --remove NAME takes an import back",
      };
    }
    const named = this.accepted.size + this.repeated + this.refused;
    return faults <= named ? undefined : {
      reason: `${faults} of its places name no address, and ${named} do`,
      hint: "it may be of another format: --format says which",
    };
  }

  #placesText(places: readonly RefusedEntry[]): string {
    return places.map(({ at, address, rule }) =>
      `${this.#order.unit} ${at}: ${address} (${rule})`
    ).join(", ");
  }
}
