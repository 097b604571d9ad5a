/**
 * Judges a list before it is imported: entry by entry, and as a whole.
 *
 * A list is refused whole when
 * - it has more entries than it may,
 * - it names what nobody may ban in more places than are tolerated,
 * - it is the first of its name, names a whole network that is never a host's,
 *   such as 0.0.0.0/8, and nobody said what is tolerated: whoever imports by
 *   hand looks, and a feed that has been good is not stopped by a line,
 * - what it names, refused or not, is more than 1 % of IPv4,
 * - nothing is left of it, or most of it is no address.
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

/** Why a list is refused whole. */
export interface WholeRefusal {
  /** To follow its name, as in `names more than ...`. */
  readonly reason: string;
  readonly hint: string;
}

/** Places that may name what nobody may ban, where nobody says how many. */
export const USUAL_TOLERATED = 10;

/** A hundredth of all IPv4 addresses. */
const MAX_IPV4 = 2 ** 32 / 100;
/** Refused places that a refusal of the whole names. */
const MAX_NAMED = 5;

const NO_FLOOR = { minPrefix4Bits: 0, minPrefix6Bits: 0 };

/** Networks that are never a host's. */
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
  /** Places that were refused. */
  refused = 0;
  /** The first of them. */
  readonly refusals: RefusedEntry[] = [];
  /** Places that name what was named in another. */
  repeated = 0;
  /** What may be banned, with its place. */
  readonly accepted = new Set<Address>();
  /** All that was named in IPv4, refused or not. */
  readonly coverage = new Ipv4Coverage();
  readonly #policy: ProtectionPolicy;
  /** The same, but for how wide a prefix may be. */
  readonly #open: ProtectionPolicy;
  readonly #order: ImportOrder;
  readonly #isFirst: boolean;
  /** Places that name what nobody may ban. */
  readonly #dangers: RefusedEntry[] = [];
  #dangerCount = 0;
  #special: RefusedEntry | undefined;

  /**
   * @param policy Whom nobody may ban.
   * @param order What is to be imported.
   * @param isFirst Whether there is no import of its name.
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

  /** What nobody may ban is told of as that, however wide it is. */
  #against(address: Address): Refusal | undefined {
    const against = refusal(address, this.#open);
    // Only a prefix can be too wide.
    return against ??
      (address.includes("/") ? refusal(address, this.#policy) : undefined);
  }

  /**
   * Whether the list is refused whole, once all entries are judged.
   *
   * @param covered How many IPv4 addresses it names; see {@link Ipv4Coverage}.
   * @returns Why; `undefined`: it may be taken.
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
