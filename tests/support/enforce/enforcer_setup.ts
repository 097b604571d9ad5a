/**
 * An enforcer with a fail2ban in memory.
 *
 * @module
 */

import type { Address } from "../../../lib/base/address.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { Fail2banEnforcer } from "../../../lib/enforce/fail2ban_enforcer.ts";
import { IgnoreipNames } from "../../../lib/fail2ban/ignoreip_names.ts";
import type {
  EnforcementFailure,
  HostBan,
} from "../../../lib/enforce/enforcer.ts";
import { SteadyClock } from "../../../lib/async/steady_clock.ts";
import { address, host, jail } from "../values/core_values.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import { MemoryFail2ban } from "../memory/memory_fail2ban.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** The dedicated jail. */
export const CLUSTER = "fail2bancluster";
/** A version that accepts many addresses in one command. */
export const NEW = "1.0.2";
/** A version that accepts one address, and bans it later. */
export const OLD = "0.9.7";

/** A ban of an address, by default in the dedicated jail. */
export function ban(target: string, inJail = CLUSTER): HostBan {
  return {
    jail: jail(inJail),
    address: address(target),
    expiresMs: Infinity,
    origin: host("web-1"),
    reportedJail: jail("sshd"),
  };
}

/** Bans in the dedicated jail. */
export function bans(...targets: string[]): HostBan[] {
  return targets.map((target) => ban(target));
}

/** A fail2ban with the dedicated jail, and its enforcer. */
export class EnforcerSetup {
  readonly clock = new ManualClock();
  readonly steady = new SteadyClock(this.clock);
  readonly log = new MemoryLog();
  readonly signal = new AbortController().signal;
  /** The addresses of hosts. */
  readonly names: Record<string, string> = {};
  readonly fail2ban: MemoryFail2ban;
  readonly enforcer: Fail2banEnforcer;

  /**
   * @param version The fail2ban version.
   * @param jails Its jails, all of which are listed.
   */
  constructor(version = NEW, jails: readonly string[] = [CLUSTER]) {
    this.fail2ban = new MemoryFail2ban(this.clock, version);
    for (const name of jails) this.fail2ban.jail(name);
    this.enforcer = new Fail2banEnforcer({
      client: this.fail2ban,
      clock: this.steady,
      names: new IgnoreipNames({
        resolver: { resolve: (name) => this.#resolve(name) },
        clock: this.clock,
        log: this.log,
      }),
      jails: jails.map(jail),
    });
  }

  /**
   * Applies bans while time passes. @returns The failures with their reasons.
   */
  async apply(...wanted: HostBan[]): Promise<string[]> {
    return await this.#told(this.enforcer.apply(wanted, this.signal));
  }

  /** Lifts bans while time passes. @returns The failures with their reasons. */
  async lift(...unwanted: HostBan[]): Promise<string[]> {
    return await this.#told(this.enforcer.lift(unwanted, this.signal));
  }

  #resolve(name: string): Promise<readonly Address[]> {
    const known = this.names[name];
    return known === undefined
      ? Promise.reject(new RuntimeError(`no host ${name}`))
      : Promise.resolve([address(known)]);
  }

  async #told(
    work: Promise<readonly EnforcementFailure[]>,
  ): Promise<string[]> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    for (await settled(); !isOver; await settled()) {
      await this.clock.advance(250);
    }
    return (await work).map(({ ban, reason }) => `${ban.address}: ${reason}`);
  }

  /** The commands that ban and unban. */
  get orders(): string[] {
    return this.fail2ban.said.filter((words) => words.startsWith("set "));
  }
}
