/**
 * A protection watch in an environment that a test changes.
 *
 * @module
 */

import { strictEqual } from "node:assert/strict";
import type { Address } from "../../../lib/base/address.ts";
import { parseAddressList } from "../../../lib/base/address_list.ts";
import { refusal } from "../../../lib/protection/protection_policy.ts";
import { ProtectionWatch } from "../../../lib/protection/protection_watch.ts";
import { address } from "../values/core_values.ts";
import { ManualClock } from "../memory/manual_clock.ts";
import { MemoryLog } from "../memory/memory_log.ts";
import { MemoryNetwork, MemoryResolver } from "../memory/memory_network.ts";

/** The lists of the configuration. */
export interface Listed {
  readonly ignoreip?: string;
  readonly members?: string;
  readonly allowPrivate?: boolean;
}

/** A watch in an environment that a test changes. */
export class ProtectionBench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly host = new MemoryNetwork();
  readonly resolver = new MemoryResolver();
  readonly stop = new AbortController();
  readonly #listed: Listed;

  constructor(listed: Listed = {}) {
    this.#listed = listed;
  }

  begin(): Promise<ProtectionWatch> {
    const { ignoreip = "", members = "", allowPrivate = false } = this.#listed;
    const { clock, log, host, resolver, stop } = this;
    const rules = {
      minPrefix4Bits: 24,
      minPrefix6Bits: 48,
      allowPrivate,
      ignoreIp: parseAddressList(ignoreip) ?? [],
      members: parseAddressList(members) ?? [],
    };
    return ProtectionWatch.begin(
      { rules, host, resolver, clock, log },
      stop.signal,
    );
  }

  /** Runs a watch while `during` runs. */
  async running(
    watch: ProtectionWatch,
    during: () => Promise<void>,
  ): Promise<void> {
    const run = watch.run(this.stop.signal);
    await during();
    this.stop.abort(new Error("stop"));
    await run;
    strictEqual(this.clock.delays, 0);
  }

  /** Log records whose event contains a text. */
  told(event: string): unknown[] {
    return this.log.records.filter((record) => record.event === event)
      .map(({ severity, fields }) => [severity, fields]);
  }
}

/** The rule and its reason, or `"may be banned"`. */
export function verdict(watch: ProtectionWatch, text: string): string {
  const refused = refusal(address(text), watch.policy);
  return refused === undefined
    ? "may be banned"
    : `${refused.rule}: ${refused.because}`;
}

/** Reads addresses, or throws. */
export function addresses(...texts: string[]): readonly Address[] {
  return texts.map(address);
}
