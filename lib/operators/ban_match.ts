/**
 * Which bans an operator asks for, and in which order.
 *
 * @module
 */

import { type Address, addressParts } from "../base/address.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import { type AddressSpan, addressSpan } from "../base/address_span.ts";
import type { Ban, BanKey } from "../ban/ban.ts";
import type {
  BanFilter,
  BanSort,
  SubjectFilter,
} from "../wire/operator_bans.ts";

/** What a {@link SubjectFilter} looks at. */
export interface Subject extends BanKey {
  /** Who reported it. */
  readonly reports: readonly { readonly origin: HostName }[];
}

/** Whether a ban, or what happened with it, is of concern. */
export function subjectMatcher(
  filter: SubjectFilter,
): (subject: Subject) => boolean {
  const { jail } = filter;
  const tests: ((subject: Subject) => boolean)[] = [];
  if (jail !== null) tests.push((ban) => ban.jail === jail);
  if (filter.node !== null) {
    const node = canonicalHost(filter.node);
    tests.push(({ reports }) =>
      reports.some(({ origin }) => canonicalHost(origin) === node)
    );
  }
  if (filter.at !== null) tests.push(isAround(filter.at));
  if (filter.within !== null) tests.push(isWithin(filter.within));
  return (subject) => tests.every((test) => test(subject));
}

/**
 * Whether a ban is asked for, as far as the ban itself says so: `notEnforced`
 * is left to whoever knows the nodes.
 *
 * @param filter Its times are those of the ban's reports.
 */
export function banMatcher(filter: BanFilter): (ban: Ban) => boolean {
  const { sinceMs } = filter;
  const matches = subjectMatcher(filter);
  return sinceMs === null
    ? matches
    : (ban) => beganMs(ban) >= sinceMs && matches(ban);
}

/** The bans are of the address, or of a prefix around it. */
function isAround(address: Address): (ban: BanKey) => boolean {
  const inner = addressSpan(address);
  return (ban) =>
    ban.address === address ||
    ban.address.includes("/") && contains(addressSpan(ban.address), inner);
}

/** The bans are of the prefix, or of a part of it. */
function isWithin(prefix: Address): (ban: BanKey) => boolean {
  const outer = addressSpan(prefix);
  const isIpv6 = !outer.isIpv4;
  return ({ address }) =>
    address.includes(":") === isIpv6 && contains(outer, addressSpan(address));
}

function contains(outer: AddressSpan, inner: AddressSpan): boolean {
  return outer.isIpv4 === inner.isIpv4 && outer.first <= inner.first &&
    outer.last >= inner.last;
}

/** When a ban was reported first, of its reports that stand. */
export function beganMs({ reports }: Ban): number {
  let first = Infinity;
  for (const { firstMs } of reports) first = Math.min(first, firstMs);
  return first;
}

/** When the last of a ban's reports ends; `Infinity`: never. */
export function endsMs({ reports }: Ban): number {
  let last = -Infinity;
  for (const { expiresMs } of reports) last = Math.max(last, expiresMs);
  return last;
}

/** The first few of many bans in an order, kept while they pass by. */
export class FirstBans {
  readonly #keyOf: (ban: Ban) => string | number;
  readonly #max: number;
  #kept: { readonly ban: Ban; readonly key: string | number }[] = [];

  /**
   * @param sort The order.
   * @param max How many are kept; twice as many are held for a while.
   */
  constructor(sort: BanSort, max: number) {
    this.#keyOf = KEYS[sort];
    this.#max = max;
  }

  /** Looks at one more. */
  add(ban: Ban): void {
    this.#kept.push({ ban, key: this.#keyOf(ban) });
    if (this.#kept.length >= 2 * this.#max + 64) this.#cut();
  }

  /** The first of them, in order. */
  take(): readonly Ban[] {
    this.#cut();
    return this.#kept.map(({ ban }) => ban);
  }

  #cut(): void {
    this.#kept.sort((left, right) =>
      compare(left.key, right.key) ||
      compare(left.ban.address, right.ban.address)
    );
    this.#kept.length = Math.min(this.#kept.length, this.#max);
  }
}

const KEYS: Readonly<Record<BanSort, (ban: Ban) => string | number>> = {
  since: (ban) => -beganMs(ban),
  ends: endsMs,
  address: (ban) => addressKey(ban.address),
  jail: ({ jail }) => jail,
};

/** Sorts as the numbers do: IPv4 first, a prefix before what is in it. */
function addressKey(address: Address): string {
  const { base, prefixBits } = addressParts(address);
  const bytes = base.toByteArray();
  return [bytes.length, ...bytes, prefixBits]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function compare<T extends string | number>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
