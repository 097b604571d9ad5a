/**
 * Filters and sorts bans for operators.
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

/** The part of a ban or event that a {@link SubjectFilter} checks. */
export interface Subject extends BanKey {
  /** The reports; each has the node that sent it. */
  readonly reports: readonly { readonly origin: HostName }[];
}

/** Makes a test for bans, or for events about them. */
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
 * Makes a test for bans. Ignores `notEnforced`, which needs to know the nodes.
 *
 * @param filter The filter; its times are in the clock of the ban's reports.
 */
export function banMatcher(filter: BanFilter): (ban: Ban) => boolean {
  const { sinceMs } = filter;
  const matches = subjectMatcher(filter);
  return sinceMs === null
    ? matches
    : (ban) => beganMs(ban) >= sinceMs && matches(ban);
}

/** Tests whether a ban is of the address, or of a prefix around it. */
function isAround(address: Address): (ban: BanKey) => boolean {
  const inner = addressSpan(address);
  return (ban) =>
    ban.address === address ||
    ban.address.includes("/") && contains(addressSpan(ban.address), inner);
}

/** Tests whether a ban is of the prefix, or of a part of it. */
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

/** Time of the first report among a ban's current reports. */
export function beganMs({ reports }: Ban): number {
  let first = Infinity;
  for (const { firstMs } of reports) first = Math.min(first, firstMs);
  return first;
}

/** Time at which the last of a ban's reports expires; `Infinity` for never. */
export function endsMs({ reports }: Ban): number {
  let last = -Infinity;
  for (const { expiresMs } of reports) last = Math.max(last, expiresMs);
  return last;
}

/** Keeps the first few of many bans in an order. */
export class FirstBans {
  readonly #keyOf: (ban: Ban) => string | number;
  readonly #max: number;
  #kept: { readonly ban: Ban; readonly key: string | number }[] = [];

  /**
   * @param sort The order.
   * @param max How many to keep; briefly holds twice as many.
   */
  constructor(sort: BanSort, max: number) {
    this.#keyOf = KEYS[sort];
    this.#max = max;
  }

  /** Adds a ban. */
  add(ban: Ban): void {
    this.#kept.push({ ban, key: this.#keyOf(ban) });
    if (this.#kept.length >= 2 * this.#max + 64) this.#cut();
  }

  /** The first bans, in order. */
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

/** Sorts by number: IPv4 first, and a prefix before its parts. */
function addressKey(address: Address): string {
  const { base, prefixBits } = addressParts(address);
  const bytes = base.toByteArray();
  return [bytes.length, ...bytes, prefixBits]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function compare<T extends string | number>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
