/**
 * Prefixes as ranges of numbers, for comparing, sorting and aggregating.
 *
 * @module
 */

import ipaddr from "ipaddr.js";
import { type Address, addressParts } from "./address.ts";

/** The first and last address of a prefix, as numbers. */
export interface AddressSpan {
  /** Whether the family is IPv4; otherwise it is IPv6. */
  readonly isIpv4: boolean;
  /** Number of bits that all addresses have in common. */
  readonly prefixBits: number;
  /** The lowest address. */
  readonly first: bigint;
  /** The highest address. */
  readonly last: bigint;
}

const WORD_BYTES = 4;
const [SLASH, DOT, ZERO] = [0x2f, 0x2e, 0x30];
/** Factor of the address in an {@link ipv4Key}: more than any prefix length. */
const KEY_BITS = 64;
/** Number of numbers that are sorted in one step. */
const NUMBERS = 1_024;
/**
 * Addresses in a step of {@link aggregating}, and items that are sorted in one
 * step.
 */
const STEP = 64;

/** The first and last address of an IPv4 prefix, as numbers. */
export interface Ipv4Range {
  /** Number of bits that all addresses have in common. */
  readonly prefixBits: number;
  /** The lowest address. */
  readonly first: number;
  /** The highest address. */
  readonly last: number;
}

/** The range of an IPv4 address or prefix. */
export function ipv4Range(address: Address): Ipv4Range {
  return keyedRange(ipv4Key(address));
}

/** The span of an address or prefix, for many lookups. */
export function addressSpan(address: Address): AddressSpan {
  return address.includes(":") ? ipv6Span(address) : ipv4Span(address);
}

function ipv4Span(address: Address): AddressSpan {
  const { first, prefixBits, last } = keyedRange(ipv4Key(address));
  return { isIpv4: true, prefixBits, first: BigInt(first), last: BigInt(last) };
}

/**
 * An IPv4 address or prefix as a number, which takes less memory than a span
 * and sorts in the same order.
 *
 * @returns Its first address times 64, plus its prefix length.
 */
export function ipv4Key(address: Address): number {
  // Without a parser: canonical text needs no checks.
  let [value, octet, at] = [0, 0, 0];
  for (; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === SLASH) break;
    if (code === DOT) [value, octet] = [value * 256 + octet, 0];
    else octet = octet * 10 + code - ZERO;
  }
  const prefixBits = at < address.length ? Number(address.slice(at + 1)) : 32;
  return (value * 256 + octet) * KEY_BITS + prefixBits;
}

/** The address or prefix of an {@link ipv4Key}. */
export function ipv4Of(key: number): Address {
  const { first, prefixBits } = keyedRange(key);
  const octets = [first / 2 ** 24, first / 65_536, first / 256, first];
  const base = octets.map((octet) => Math.floor(octet) % 256).join(".");
  return (prefixBits === 32 ? base : `${base}/${prefixBits}`) as Address;
}

function keyedRange(key: number): Ipv4Range {
  const first = Math.floor(key / KEY_BITS);
  const prefixBits = key % KEY_BITS;
  return { first, prefixBits, last: first + 2 ** (32 - prefixBits) - 1 };
}

function ipv6Span(address: Address): AddressSpan {
  const { base, prefixBits } = addressParts(address);
  const bytes = base.toByteArray();
  let first = 0n;
  for (let at = 0; at < bytes.length; at += WORD_BYTES) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(at, at + WORD_BYTES);
    first = (first << 32n) | BigInt(((a * 256 + b) * 256 + c) * 256 + d);
  }
  const hostBits = bytes.length * 8 - prefixBits;
  const last = first | ((1n << BigInt(hostBits)) - 1n);
  return { isIpv4: false, prefixBits, first, last };
}

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

/** Bits of an IPv6 address. */
const BITS = 128;

/**
 * Joins networks that overlap or are adjacent, and drops networks inside
 * others.
 *
 * @param networks Addresses and prefixes in any order, of both families.
 * @returns The fewest networks that cover the same addresses, IPv4 first, in
 * ascending order.
 *
 * @example
 * ```ts
 * import { parseAddress } from "./address.ts";
 * import { aggregated } from "./address_span.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const addresses = ["192.0.2.1", "192.0.2.0", "192.0.2.2", "192.0.2.3"]
 *   .flatMap((text) => parseAddress(text) ?? []);
 * deepStrictEqual(aggregated(addresses), ["192.0.2.0/30"]);
 * ```
 */
export function aggregated(networks: Iterable<Address>): readonly Address[] {
  return finished(aggregating(networks));
}

/**
 * Does the same in short steps, so that the caller can do other work in
 * between.
 *
 * @param networks As for {@link aggregated}.
 */
export function* aggregating(
  networks: Iterable<Address>,
): Generator<undefined, readonly Address[], undefined> {
  const keys: number[] = [];
  const spans: AddressSpan[] = [];
  let steps = 0;
  for (const network of networks) {
    if (network.includes(":")) spans.push(addressSpan(network));
    else keys.push(ipv4Key(network));
    if (++steps % STEP === 0) yield;
  }
  const fewest = yield* joining(yield* sortingNumbers(keys));
  const ranges = yield* joiningSpans(yield* sorting(spans, compareSpans));
  for (const [at, range] of ranges.entries()) {
    for (const network of networksOf(range)) fewest.push(network);
    if (at % STEP === 0) yield;
  }
  return fewest;
}

/**
 * Sorts numbers in short steps.
 *
 * @returns The numbers from the least to the greatest.
 */
export function* sortingNumbers(
  numbers: readonly number[],
): Generator<undefined, Float64Array, undefined> {
  let [sorted, merged] = [new Float64Array(numbers), new Float64Array(numbers)];
  for (let at = 0; at < sorted.length; at += NUMBERS) {
    sorted.subarray(at, at + NUMBERS).sort();
    yield;
  }
  for (let width = NUMBERS; width < sorted.length; width *= 2) {
    for (let at = 0; at < sorted.length; at += 2 * width) {
      const middle = Math.min(at + width, sorted.length);
      const end = Math.min(middle + width, sorted.length);
      let [left, right] = [at, middle];
      for (let to = at; to < end; to++) {
        const isLeft = right >= end ||
          left < middle && (sorted[left] ?? 0) <= (sorted[right] ?? 0);
        merged[to] = sorted[isLeft ? left++ : right++] ?? 0;
        if (to % NUMBERS === 0) yield;
      }
    }
    [sorted, merged] = [merged, sorted];
  }
  return sorted;
}

/**
 * Sorts items in short steps.
 *
 * @param items Not modified.
 * @param compare As for `Array.sort`.
 * @returns The sorted items; equal items keep their order.
 */
export function* sorting<T>(
  items: readonly T[],
  compare: (left: T, right: T) => number,
): Generator<undefined, readonly T[], undefined> {
  let sorted: T[] = [];
  for (let at = 0; at < items.length; at += STEP) {
    sorted.push(...items.slice(at, at + STEP).sort(compare));
    yield;
  }
  for (let width = STEP; width < items.length; width *= 2) {
    const merged: T[] = [];
    for (let at = 0; at < sorted.length; at += 2 * width) {
      const middle = Math.min(at + width, sorted.length);
      const end = Math.min(middle + width, sorted.length);
      let [left, right] = [at, middle];
      while (left < middle || right < end) {
        const [first, second] = [sorted[left] as T, sorted[right] as T];
        const takesLeft = right >= end ||
          left < middle && compare(first, second) <= 0;
        merged.push(takesLeft ? first : second);
        if (takesLeft) left++;
        else right++;
        if (merged.length % (4 * STEP) === 0) yield;
      }
    }
    sorted = merged;
  }
  return sorted;
}

/** Runs all steps. @returns Their result. */
export function finished<T>(steps: Generator<undefined, T, undefined>): T {
  while (true) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * Compares spans: IPv4 comes first, then the lower first address, then the
 * wider prefix.
 *
 * @returns Negative when `left` comes first, as for `Array.sort`.
 */
export function compareSpans(left: AddressSpan, right: AddressSpan): number {
  if (left.isIpv4 !== right.isIpv4) return left.isIpv4 ? -1 : 1;
  if (left.first !== right.first) return left.first < right.first ? -1 : 1;
  return left.prefixBits - right.prefixBits;
}

/** Joins IPv4 keys, which are sorted, into the fewest networks. */
function* joining(
  keys: Float64Array,
): Generator<undefined, Address[], undefined> {
  const networks: Address[] = [];
  let range = { first: 0, last: -1 };
  for (let at = 0; at <= keys.length; at++) {
    const key = keys[at];
    const next = key === undefined ? undefined : keyedRange(key);
    if (next !== undefined && next.first <= range.last + 1) {
      range.last = Math.max(range.last, next.last);
    } else {
      addNetworks(networks, range);
      range = next ?? range;
    }
    if (at % STEP === 0) yield;
  }
  return networks;
}

/** Appends the fewest networks that make up a range. */
function addNetworks(
  networks: Address[],
  { first, last }: { readonly first: number; readonly last: number },
): void {
  for (let next = first; next <= last;) {
    let size = 1;
    while (next % (size * 2) === 0 && next + size * 2 - 1 <= last) size *= 2;
    networks.push(ipv4Of(next * KEY_BITS + 32 - Math.log2(size)));
    next += size;
  }
}

/** Joins IPv6 spans, which are sorted, into ranges that are not adjacent. */
function* joiningSpans(
  spans: readonly AddressSpan[],
): Generator<undefined, readonly Range[], undefined> {
  const ranges: { first: bigint; last: bigint }[] = [];
  for (const [at, { first, last }] of spans.entries()) {
    const before = ranges.at(-1);
    if (before === undefined || first > before.last + 1n) {
      ranges.push({ first, last });
    } else if (last > before.last) {
      before.last = last;
    }
    if (at % STEP === 0) yield;
  }
  return ranges;
}

/** The fewest networks that make up an IPv6 range. */
function networksOf({ first, last }: Range): readonly Address[] {
  const networks: Address[] = [];
  for (let next = first; next <= last;) {
    let hostBits = 0;
    while (hostBits < BITS) {
      const wider = (1n << BigInt(hostBits + 1)) - 1n;
      if ((next & wider) !== 0n || next + wider > last) break;
      hostBits++;
    }
    networks.push(ipv6Of(next, BITS - hostBits));
    next += 1n << BigInt(hostBits);
  }
  return networks;
}

function ipv6Of(first: bigint, prefixBits: number): Address {
  const bytes = Array.from(
    { length: BITS / 8 },
    (_, at) => Number(first >> BigInt(BITS - 8 * (at + 1)) & 255n),
  );
  const base = new ipaddr.IPv6(bytes).toRFC5952String();
  return (prefixBits === BITS ? base : `${base}/${prefixBits}`) as Address;
}
