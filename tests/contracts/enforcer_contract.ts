/**
 * What every enforcer does, in memory and real.
 *
 * @module
 */

import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { CLUSTER_JAIL, type JailName } from "../../lib/base/jail_name.ts";
import { keyOf } from "../../lib/ban/ban.ts";
import type { Clock } from "../../lib/async/clock.ts";
import type { Enforcer, HostBan } from "../../lib/enforce/enforcer.ts";
import { address, host, jail } from "../support/values/core_values.ts";

/** An enforcer that holds nothing yet, and what it needs. */
export interface EnforcerUnderTest extends AsyncDisposable {
  readonly enforcer: Enforcer;
  /** The enforcer's. */
  readonly clock: Clock;
  /** Jails that it knows. @default {[CLUSTER_JAIL]} */
  readonly jails?: readonly [JailName, ...JailName[]];
}

const SIGNAL = new AbortController().signal;
const MINUTE_MS = 60_000;
/** Listed ends may be rounded; a list takes its time. */
const SAME_END_MS = 2_000;
/** More would take too long. */
const MANY = 500;
const ADDRESSES = [
  "198.51.100.1",
  "198.51.100.2",
  "203.0.113.0/24",
  "2001:db8::1",
  "2001:db8:1::/48",
];

/** One enforcer, and words for what is shown of it. */
class Bench {
  readonly enforcer: Enforcer;
  readonly #jails: readonly [JailName, ...JailName[]];
  readonly #clock: Clock;

  constructor({ enforcer, clock, jails }: EnforcerUnderTest) {
    this.enforcer = enforcer;
    this.#clock = clock;
    this.#jails = jails ?? [CLUSTER_JAIL];
  }

  /** A ban for a while, or without end. */
  ban(addressText: string, forMs = Infinity): HostBan {
    return {
      jail: this.#jails[0],
      address: address(addressText),
      expiresMs: this.#clock.nowMs() + forMs,
      origin: host("web-1"),
      reportedJail: jail("sshd"),
    };
  }

  /** Bans of all kinds, in all jails. */
  bans(forMs?: number): HostBan[] {
    return this.#jails.flatMap((jail) =>
      ADDRESSES.map((text) => ({ ...this.ban(text, forMs), jail }))
    );
  }

  many(): HostBan[] {
    const count = Math.min(this.enforcer.maxBansAtOnce, MANY);
    return Array.from(
      { length: count },
      (_, index) => this.ban(`198.18.${index >> 8}.${index & 255}`),
    );
  }

  /** Applies bans, as many at a time as may be; what was there already is fine. */
  async apply(bans: readonly HostBan[]): Promise<void> {
    for (const batch of this.#batches(bans)) {
      const failures = await this.enforcer.apply(batch, SIGNAL);
      deepStrictEqual(failures.filter(({ kind }) => kind !== "present"), []);
    }
  }

  async lift(bans: readonly HostBan[]): Promise<void> {
    for (const batch of this.#batches(bans)) {
      deepStrictEqual(await this.enforcer.lift(batch, SIGNAL), []);
    }
  }

  /** None at all is one batch, too. */
  #batches(bans: readonly HostBan[]): (readonly HostBan[])[] {
    const size = this.enforcer.maxBansAtOnce;
    const count = Math.max(1, Math.ceil(bans.length / size));
    return Array.from(
      { length: count },
      (_, at) => bans.slice(at * size, (at + 1) * size),
    );
  }

  /** Shows that exactly these are in force, where the enforcer tells. */
  async holds(bans: readonly HostBan[]): Promise<void> {
    const listed = await this.enforcer.list(SIGNAL);
    if (listed === undefined) return;
    deepStrictEqual(listed.map(keyOf).sort(), bans.map(keyOf).sort());
    if (!this.enforcer.lapses) return;
    const ends = new Map(bans.map((ban) => [keyOf(ban), ban.expiresMs]));
    for (const { expiresMs, ...ban } of listed) {
      const wantedMs = ends.get(keyOf(ban)) ?? NaN;
      const isSame = expiresMs === undefined || expiresMs === wantedMs ||
        Math.abs(expiresMs - wantedMs) < SAME_END_MS;
      ok(isSame, `${ban.address} ends ${expiresMs}, not ${wantedMs}`);
    }
  }
}

const BEHAVIOURS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  "can be checked again and again": async (bench) => {
    await bench.enforcer.check(SIGNAL);
    await bench.enforcer.check(SIGNAL);
    await bench.holds([]);
  },
  "enforces addresses and prefixes of both kinds, and ends them": async (
    bench,
  ) => {
    const bans = bench.bans();
    await bench.apply(bans);
    await bench.holds(bans);
    await bench.lift(bans.slice(1));
    await bench.holds(bans.slice(0, 1));
    await bench.lift(bans.slice(0, 1));
    await bench.holds([]);
  },
  "keeps what is in force through another check": async (bench) => {
    await bench.apply(bench.bans());
    await bench.enforcer.check(SIGNAL);
    await bench.holds(bench.bans());
  },
  "takes no harm from applying what is in force and lifting what is not":
    async (bench) => {
      const bans = bench.bans();
      await bench.apply(bans.slice(0, 3));
      await bench.apply(bans);
      await bench.apply(bans);
      await bench.holds(bans);
      await bench.lift(bans.slice(0, 3));
      await bench.lift(bans);
      await bench.lift(bans);
      await bench.holds([]);
      await bench.apply(bans);
      await bench.holds(bans);
    },
  "takes no bans at all for nothing to do": async (bench) => {
    await bench.apply([]);
    await bench.lift([]);
    await bench.holds([]);
  },
  "gives a ban the end it was applied with last": async (bench) => {
    for (const minutes of [60, 10, Infinity, 1]) {
      const bans = bench.bans(minutes * MINUTE_MS);
      await bench.apply(bans);
      await bench.holds(bans);
    }
  },
  "takes many at once": async (bench) => {
    const bans = bench.many();
    await bench.apply(bans);
    await bench.holds(bans);
    await bench.lift(bans);
    await bench.holds([]);
  },
  "ends at once when it is aborted, and works after that": async (bench) => {
    const reason = new Error("that's enough");
    const aborted = AbortSignal.abort(reason);
    const { enforcer } = bench;
    const isReason = (error: unknown) => error === reason;
    const ban = bench.ban("198.51.100.1");
    await rejects(enforcer.apply([ban], aborted), isReason);
    await rejects(enforcer.lift([ban], aborted), isReason);
    await bench.apply([ban]);
    await bench.holds([ban]);
  },
  "holds no ban whose end is past": async (bench) => {
    if (!bench.enforcer.lapses) return;
    const [kept, over] = [
      bench.ban("198.51.100.1", MINUTE_MS),
      bench.ban("198.51.100.2", MINUTE_MS),
    ];
    await bench.apply([kept, over]);
    await bench.apply([kept, bench.ban("198.51.100.2", -1)]);
    await bench.apply([bench.ban("198.51.100.3", -MINUTE_MS)]);
    await bench.holds([kept]);
  },
};

/**
 * Registers the tests of one enforcer.
 *
 * @param name Of the enforcer, for the tests' names.
 * @param open Makes one that holds nothing.
 * @param options Why the tests can't be run here, if they can't.
 */
export function testEnforcer(
  name: string,
  open: () => Promise<EnforcerUnderTest>,
  options: { readonly ignore?: boolean } = {},
): void {
  for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
    Deno.test({
      name: `${name} ${behaviour}`,
      ...options,
      fn: async () => {
        await using parts = await open();
        ok(parts.enforcer.maxBansAtOnce >= 1);
        await parts.enforcer.check(SIGNAL);
        await show(new Bench(parts));
      },
    });
  }
}
