/**
 * Keeps the protection rules current while the host's network and DNS change.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { AddressList } from "../base/address_list.ts";
import { RuntimeError } from "../base/errors.ts";
import type { HostName } from "../base/host_name.ts";
import type { HostNetwork, HostNetworkSource, HostResolver } from "./ports.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import { type LabelledNetwork, NetworkSet } from "../base/network_set.ts";
import type { Clock } from "../async/clock.ts";
import type { Log, Severity } from "../log/log.ts";
import type {
  GuardedNetworks,
  ProtectionPolicy,
  ProtectionRule,
} from "./protection_policy.ts";
import { runTogether } from "../async/tasks.ts";

/** The configured protection rules. */
export interface ProtectionRules {
  /** IPv4 prefixes shorter than this are refused, in bits. */
  readonly minPrefix4Bits: number;
  /** IPv6 prefixes shorter than this are refused, in bits. */
  readonly minPrefix6Bits: number;
  /** Whether private addresses may be banned. */
  readonly allowPrivate: boolean;
  /** The networks and names of `ignoreip`. */
  readonly ignoreIp: AddressList;
  /** The networks and names of `members`. */
  readonly members: AddressList;
}

/** Options for {@link ProtectionWatch}. */
export interface ProtectionWatchOptions {
  readonly rules: ProtectionRules;
  readonly host: HostNetworkSource;
  readonly resolver: HostResolver;
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
}

/** Longest time that the start waits for names. */
const START_TIMEOUT_MS = 3_000;
/** Timeout of a round of lookups. */
const ROUND_TIMEOUT_MS = 60_000;
/** Interval between readings of the host's network settings. */
const HOST_INTERVAL_MS = 60_000;
/** Interval between lookups of names. */
const NAMES_INTERVAL_MS = 300_000;
/** Interval between lookups while a name has no answer. */
const NAMES_RETRY_INTERVAL_MS = 30_000;
/** Maximum number of concurrent lookups. */
const MAX_LOOKUPS = 64;

/** Holds the current rules. */
export class ProtectionWatch {
  readonly #options: ProtectionWatchOptions;
  readonly #troubleLog: LogThrottle;
  readonly #names: readonly HostName[];
  readonly #members: GuardedNetworks;
  readonly #ignored: GuardedNetworks;
  readonly #answers = new Map<HostName, readonly Address[]>();
  readonly #failing = new Set<HostName>();
  #network: HostNetwork = {
    own: [],
    gateways: [],
    resolvers: [],
    problems: [],
  };
  /**
   * Computed on demand: a thousand names may be resolved at the same moment.
   */
  #policy: ProtectionPolicy | undefined;

  private constructor(options: ProtectionWatchOptions) {
    const { rules, log, clock } = options;
    this.#options = options;
    this.#troubleLog = new LogThrottle(log, clock);
    this.#names = [
      ...new Set([rules.members, rules.ignoreIp].flatMap(namesOf)),
    ];
    this.#members = guard("member", networksOf(rules.members));
    this.#ignored = guard("ignoreip", networksOf(rules.ignoreIp));
  }

  /**
   * Reads and looks up everything once. Names without an answer within three
   * seconds are logged; they protect nothing until they have one.
   *
   * @param options See {@link ProtectionWatchOptions}.
   * @param signal Ends the wait for names.
   */
  static async begin(
    options: ProtectionWatchOptions,
    signal: AbortSignal,
  ): Promise<ProtectionWatch> {
    const watch = new ProtectionWatch(options);
    await watch.#lookAtHost("debug");
    await watch.#lookUpNames(START_TIMEOUT_MS, signal);
    return watch;
  }

  /** The current rules; the same object until they change. */
  get policy(): ProtectionPolicy {
    return this.#policy ??= this.#makePolicy();
  }

  /** Number of names without an answer. */
  get unresolvedNames(): number {
    return this.#failing.size;
  }

  /**
   * Repeats the readings and lookups until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const followHost = async (group: AbortSignal) => {
      while (true) {
        await clock.delay(HOST_INTERVAL_MS, group);
        await this.#lookAtHost("info");
      }
    };
    const followNames = async (group: AbortSignal) => {
      while (true) {
        const isOpen = this.#failing.size > 0;
        await clock.delay(
          isOpen ? NAMES_RETRY_INTERVAL_MS : NAMES_INTERVAL_MS,
          group,
        );
        await this.#lookUpNames(ROUND_TIMEOUT_MS, group);
      }
    };
    await runTogether(
      signal,
      this.#names.length === 0 ? [followHost] : [followHost, followNames],
    );
  }

  async #lookAtHost(severity: Severity): Promise<void> {
    const before = this.#network;
    const { own, gateways, resolvers, problems } = await this.#options.host
      .read();
    this.#network = {
      own: own ?? before.own,
      gateways: gateways ?? before.gateways,
      resolvers: resolvers ?? before.resolvers,
      problems,
    };
    for (const reason of problems) {
      if (before.problems.includes(reason)) continue;
      this.#options.log.record("warning", "not all of this host is protected", {
        reason,
      });
    }
    if (described(this.#network) === described(before)) return;
    this.#policy = undefined;
    this.#options.log.record(severity, "protecting this host", {
      own: this.#network.own?.join(","),
      gateways: this.#network.gateways?.join(","),
      resolvers: this.#network.resolvers?.join(","),
    });
  }

  async #lookUpNames(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const unanswered = new Set(this.#names);
    const names = this.#names.values();
    const lookUpRest = async (group: AbortSignal) => {
      for (const name of names) {
        await this.#lookUp(name, group);
        unanswered.delete(name);
      }
    };
    await runTogether(signal, [
      (group) => this.#options.clock.delay(timeoutMs, group),
      async (group) => {
        const workers = Array(Math.min(MAX_LOOKUPS, unanswered.size)).fill(
          group,
        );
        await Promise.all(workers.map(lookUpRest));
      },
    ]);
    if (!signal.aborted) {
      const reason = `no answer within ${timeoutMs / 1_000} s`;
      for (const name of unanswered) this.#keepAnswer(name, reason);
    }
    this.#troubleLog.flush();
  }

  async #lookUp(name: HostName, signal: AbortSignal): Promise<void> {
    try {
      const answer = await this.#options.resolver.resolve(name, signal);
      this.#storeAnswer(name, answer);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#keepAnswer(name, error.message);
    }
  }

  #storeAnswer(name: HostName, answer: readonly Address[]): void {
    if (this.#failing.delete(name)) {
      this.#troubleLog.record("info", "host name resolved again", { name });
    }
    if (this.#answers.get(name)?.join() === answer.join()) return;
    this.#answers.set(name, answer);
    this.#policy = undefined;
  }

  /**
   * Keeps the last answer: a name whose lookup fails most likely still has the
   * same addresses.
   */
  #keepAnswer(name: HostName, reason: string): void {
    if (this.#failing.has(name)) return;
    this.#failing.add(name);
    this.#troubleLog.record("warning", "host name not resolved", {
      name,
      reason,
      stillProtected: this.#answers.get(name)?.join(",") ?? "nothing",
    });
  }

  #makePolicy(): ProtectionPolicy {
    const { rules } = this.#options;
    const { own, gateways, resolvers } = this.#network;
    return {
      minPrefix4Bits: rules.minPrefix4Bits,
      minPrefix6Bits: rules.minPrefix6Bits,
      allowPrivate: rules.allowPrivate,
      guarded: [
        guard("own-address", (own ?? []).map(labelled)),
        guard("gateway", (gateways ?? []).map(labelled)),
        guard("resolver", (resolvers ?? []).map(labelled)),
        this.#members,
        guard("member", this.#answersOf(rules.members)),
        this.#ignored,
        guard("ignoreip", this.#answersOf(rules.ignoreIp)),
      ],
    };
  }

  #answersOf(list: AddressList): readonly LabelledNetwork[] {
    return namesOf(list).flatMap((name) =>
      (this.#answers.get(name) ?? []).map((network) => ({
        network,
        label: `${name}, ${network}`,
      }))
    );
  }
}

function guard(
  rule: ProtectionRule,
  networks: readonly LabelledNetwork[],
): GuardedNetworks {
  return { rule, networks: new NetworkSet(networks) };
}

function labelled(network: Address): LabelledNetwork {
  return { network, label: network };
}

function networksOf(list: AddressList): readonly LabelledNetwork[] {
  return list.flatMap((entry) =>
    entry.kind === "network" ? [labelled(entry.network)] : []
  );
}

function namesOf(list: AddressList): readonly HostName[] {
  return list.flatMap((entry) => entry.kind === "name" ? [entry.name] : []);
}

function described({ own, gateways, resolvers }: HostNetwork): string {
  return JSON.stringify([own, gateways, resolvers]);
}
