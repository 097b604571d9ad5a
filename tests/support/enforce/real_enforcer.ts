/**
 * An enforcer with a real fail2ban.
 *
 * @module
 */

import { deepStrictEqual } from "node:assert/strict";
import { Fail2banEnforcer } from "../../../lib/enforce/fail2ban_enforcer.ts";
import { IgnoreipNames } from "../../../lib/fail2ban/ignoreip_names.ts";
import { DnsResolver } from "../../../lib/protection/io/dns_resolver.ts";
import { Fail2banSocket } from "../../../lib/fail2ban/io/fail2ban_socket.ts";
import type { HostBan } from "../../../lib/enforce/enforcer.ts";
import { SteadyClock } from "../../../lib/async/steady_clock.ts";
import { jail } from "../values/core_values.ts";
import { CLUSTER } from "./enforcer_setup.ts";
import {
  type Fail2banServer,
  type JailSettings,
  startFail2ban,
} from "../fail2ban/fail2ban_server.ts";
import { ManualClock } from "../memory/manual_clock.ts";
import { MemoryLog } from "../memory/memory_log.ts";
import { TempDir } from "../host/temp_dir.ts";

const SIGNAL = new AbortController().signal;

/** A real fail2ban, and its enforcer through the socket. */
export class RealEnforcer implements AsyncDisposable {
  /** Clock of the cached information about fail2ban. */
  readonly clock = new ManualClock();
  readonly socket: Fail2banSocket;
  readonly enforcer: Fail2banEnforcer;

  private constructor(
    /** The folder of fail2ban. */
    readonly dir: TempDir,
    /** fail2ban itself. */
    readonly server: Fail2banServer,
    jails: readonly string[],
  ) {
    this.socket = new Fail2banSocket({ path: server.socketPath });
    this.enforcer = new Fail2banEnforcer({
      client: this.socket,
      clock: new SteadyClock(this.clock),
      names: new IgnoreipNames({
        resolver: new DnsResolver(),
        clock: this.clock,
        log: new MemoryLog(),
      }),
      jails: jails.map(jail),
    });
  }

  /** @param jails fail2ban's jails, all of which are listed. */
  static async create(
    jails: Readonly<Record<string, JailSettings>> = { [CLUSTER]: {} },
  ): Promise<RealEnforcer> {
    const dir = await TempDir.create();
    const server = await startFail2ban({ dir: dir.path(), jails });
    return new RealEnforcer(dir, server, Object.keys(jails));
  }

  /** Applies bans, and asserts success. */
  async apply(...wanted: HostBan[]): Promise<void> {
    deepStrictEqual(await this.enforcer.apply(wanted, SIGNAL), []);
  }

  /** Applies bans. @returns The failures with their reasons. */
  async failures(...wanted: HostBan[]): Promise<string[]> {
    const failures = await this.enforcer.apply(wanted, SIGNAL);
    return failures.map(({ ban, reason }) => `${ban.address}: ${reason}`);
  }

  /** Lifts bans, and asserts success. */
  async lift(...unwanted: HostBan[]): Promise<void> {
    deepStrictEqual(await this.enforcer.lift(unwanted, SIGNAL), []);
  }

  /** The addresses that the enforcer lists, sorted. */
  async listed(): Promise<string[]> {
    const bans = await this.enforcer.list(SIGNAL);
    return bans.map(({ address }) => address).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.dir[Symbol.asyncDispose]();
  }
}
