/**
 * `subscriberaction = fail2banclient`: bans in jails of this host's fail2ban.
 *
 * @see {@link https://github.com/fail2ban/fail2ban/blob/1.0.2/man/fail2ban-client.1 | fail2ban-client(1)}
 * @module
 */

import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import { JailRenewals } from "./jail_renewals.ts";
import type { IgnoredAddresses } from "../fail2ban/ignoreip.ts";
import { type Fail2banAbilities, readCount } from "../fail2ban/replies.ts";
import { ticketEnds } from "../fail2ban/ticket_times.ts";
import type { IgnoreipNames } from "../fail2ban/ignoreip_names.ts";
import { CLUSTER_JAIL, type JailName } from "../base/jail_name.ts";
import { Fail2banInfo } from "../fail2ban/fail2ban_info.ts";
import type {
  ActiveBan,
  EnforcementFailure,
  Enforcer,
  HostBan,
} from "./enforcer.ts";
import type { Fail2banClient, Fail2banReply } from "../fail2ban/ports.ts";
import type { SteadyClock } from "../async/steady_clock.ts";

/** Options for the enforcer of fail2ban. */
export interface Fail2banEnforcerOptions {
  /** Sends commands to fail2ban. */
  readonly client: Fail2banClient;
  /**
   * The process's steady clock; listed ends are converted from fail2ban's
   * system time.
   */
  readonly clock: SteadyClock;
  /** The jails whose bans are listed. */
  readonly jails: readonly JailName[];
  /**
   * Looks up host names in the jails' `ignoreip`; without it they protect
   * nobody.
   */
  readonly names?: IgnoreipNames;
}

/**
 * Before 0.10.5, fail2ban bans up to a second after its answer: its list is
 * polled until then.
 */
const LISTING_TIMEOUT_MS = 5_000;
const LISTING_INTERVAL_MS = 250;

/** Why addresses failed; an address that is missing here did not fail. */
type Reasons = ReadonlyMap<Address, Omit<EnforcementFailure, "ban">>;
type Addresses = readonly Address[];

const NO_REASONS: Reasons = new Map();
/** Renewals within the ban time of a jail, at least. */
const RENEWALS_IN_BAN_TIME = 4;
/** Jails with a shorter ban time are not renewed. */
const MIN_BAN_TIME_MS = 2_000;
/** Maximum delay until a changed ban time is noticed. */
const MAX_RENEWAL_INTERVAL_MS = 30_000;
/** Maximum bans renewed in one call, so that other work does not wait long. */
const MAX_RENEWED = 200;

/**
 * Bans and unbans through fail2ban, which has its own ban time: a ban lasts for
 * the jail's `bantime`, has to be lifted to end earlier, and to be renewed to
 * end later. From fail2ban 0.10 on, `banip` of a banned address prolongs the
 * ban by the jail's time. Unlike `banip`, this enforcer respects `ignoreip`.
 *
 * A ban counts as applied once fail2ban lists it. Only fail2ban's log says
 * whether the jail's action worked; the monitor reports that.
 */
export class Fail2banEnforcer implements Enforcer {
  readonly name = "fail2banclient";
  readonly lapses = false;
  /**
   * fail2ban answers nobody during a call, and a firewall action may take 60
   * ms.
   */
  readonly maxBansAtOnce = 20;
  readonly #fail2ban: Fail2banInfo;
  readonly #clock: SteadyClock;
  readonly #jails: readonly JailName[];
  readonly #client: Fail2banClient;
  readonly #renewals: JailRenewals;
  /** Number of prefix unbans that also lifted bans within the prefix. */
  #overdone = 0;

  /** @param options The connection to fail2ban, and the jails. */
  constructor(options: Fail2banEnforcerOptions) {
    const { client, clock, names } = options;
    this.#fail2ban = new Fail2banInfo(client, clock, names);
    this.#client = client;
    this.#clock = clock;
    this.#jails = options.jails;
    this.#renewals = new JailRenewals(clock);
  }

  get disturbances(): number {
    return Math.max(0, this.#client.servers - 1) + this.#overdone;
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#fail2ban.check(signal);
  }

  async apply(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    const beganMs = this.#clock.monotonicMs();
    const failures = await inEachJail(
      bans,
      (jail, addresses) => this.#banIn(jail, addresses, signal),
    );
    const failed = new Set(failures.map(({ ban }) => ban));
    const made = bans.filter((ban) => !failed.has(ban));
    this.#renewals.made(made, beganMs);
    return failures;
  }

  /** Lifts bans. A jail that does not exist has none in force. */
  async lift(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    return await inEachJail(
      bans,
      (jail, addresses) => this.#unbanIn(jail, addresses, signal),
    );
  }

  async list(signal: AbortSignal): Promise<readonly ActiveBan[]> {
    const bans: ActiveBan[] = [];
    for (const jail of this.#jails) {
      const tickets = await this.#fail2ban.ticketsIn(jail, signal);
      const ends = ticketEnds(tickets, this.#clock.wallMs());
      tickets.forEach(({ address }, index) => {
        const endMs = ends[index];
        const expiresMs = endMs && this.#clock.toSteady(endMs);
        bans.push({ jail, address, expiresMs });
      });
    }
    this.#renewals.listed(bans);
    return bans;
  }

  async renew(
    bans: readonly HostBan[],
    begin: (bans: readonly HostBan[]) => void,
    signal: AbortSignal,
  ): Promise<number> {
    const banTimes = await this.#finiteBanTimes(signal);
    // A fail2ban that has not restored a ban can't renew it: compare first.
    if (!this.#renewals.retain(bans, this.#client.servers)) return 0;
    const byJail = Map.groupBy(bans, ({ jail }) => jail);
    let pauseMs = MAX_RENEWAL_INTERVAL_MS;
    let room = MAX_RENEWED;
    for (const [jail, banTimeMs] of banTimes) {
      pauseMs = Math.min(pauseMs, banTimeMs / RENEWALS_IN_BAN_TIME);
      const due = this.#renewals.due(byJail.get(jail) ?? [], banTimeMs);
      if (due.length === 0) continue;
      const ignored = await this.#fail2ban.ignoredIn(jail, signal);
      const allowed = due.filter(({ address }) =>
        ignored?.concerns(address) === false
      );
      const taken = allowed.slice(0, room);
      begin(taken);
      await this.#renewIn(jail, taken, signal);
      room -= taken.length;
      if (taken.length < allowed.length) pauseMs = 0;
    }
    return pauseMs;
  }

  /**
   * Ban times of the jails in milliseconds, without endless and very short
   * ones.
   */
  async #finiteBanTimes(
    signal: AbortSignal,
  ): Promise<ReadonlyMap<JailName, number>> {
    const banTimes = new Map<JailName, number>();
    for (const jail of this.#jails) {
      const banTimeMs = await this.#fail2ban.banTimeIn(jail, signal);
      if (banTimeMs === undefined || banTimeMs === Infinity) continue;
      if (banTimeMs >= MIN_BAN_TIME_MS) banTimes.set(jail, banTimeMs);
    }
    return banTimes;
  }

  async #renewIn(
    jail: JailName,
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<void> {
    const { takesMany } = await this.#fail2ban.abilities(signal);
    const size = takesMany ? this.maxBansAtOnce : 1;
    for (let at = 0; at < bans.length; at += size) {
      const part = bans.slice(at, at + size);
      const beganMs = this.#clock.monotonicMs();
      const addresses = part.map(({ address }) => address);
      const words = ["set", jail, "banip", ...addresses];
      const refused = refusalOf(await this.#fail2ban.command(words, signal));
      if (refused !== undefined) throw new RuntimeError(refused);
      this.#renewals.made(part, beganMs);
    }
  }

  async #banIn(
    jail: JailName,
    addresses: Addresses,
    signal: AbortSignal,
  ): Promise<Reasons> {
    const abilities = await this.#fail2ban.abilities(signal);
    const ignored = await this.#fail2ban.ignoredIn(jail, signal);
    if (ignored === undefined) return noJail(jail, addresses);
    const forbidden = new Map(addresses.flatMap((address) => {
      const reason = objection(address, jail, ignored, abilities);
      return reason === undefined
        ? []
        : [[address, { reason, kind: "refused" }] as const];
    }));
    const allowed = addresses.filter((address) => !forbidden.has(address));
    const present = await this.#presentIn(jail, allowed, signal);
    const absent = allowed.filter((address) => !present.has(address));
    if (absent.length === 0) return new Map([...forbidden, ...present]);
    const failed = abilities.takesMany
      ? await this.#banTogether(jail, absent, signal)
      : await this.#banEach(jail, absent, signal);
    return new Map([...forbidden, ...present, ...failed]);
  }

  /**
   * In a jail that also detects, a banned address may be the host's own ban.
   */
  async #presentIn(
    jail: JailName,
    addresses: Addresses,
    signal: AbortSignal,
  ): Promise<Reasons> {
    if (jail === CLUSTER_JAIL || addresses.length === 0) return NO_REASONS;
    const listed = await this.#fail2ban.bannedIn(jail, signal);
    const present = addresses.filter((address) => listed?.has(address));
    return allFor(present, `jail ${jail} bans it already`, "present");
  }

  async #banTogether(
    jail: JailName,
    addresses: Addresses,
    signal: AbortSignal,
  ): Promise<Reasons> {
    const words = ["set", jail, "banip", ...addresses];
    const reply = await this.#fail2ban.command(words, signal);
    // fail2ban does not count addresses that were banned before: list them.
    return reply.kind === "done" && readCount(reply.value) === addresses.length
      ? NO_REASONS
      : await this.#unlisted(jail, addresses, refusalOf(reply), signal);
  }

  async #banEach(
    jail: JailName,
    addresses: Addresses,
    signal: AbortSignal,
  ): Promise<Reasons> {
    let refused: string | undefined;
    for (const address of addresses) {
      const words = ["set", jail, "banip", address];
      const reply = await this.#fail2ban.command(words, signal);
      refused = refusalOf(reply) ?? refused;
    }
    const untilMs = this.#clock.monotonicMs() + LISTING_TIMEOUT_MS;
    while (true) {
      const unlisted = await this.#unlisted(jail, addresses, refused, signal);
      const isOver = this.#clock.monotonicMs() >= untilMs;
      if (unlisted.size === 0 || isOver) return unlisted;
      await this.#clock.delay(LISTING_INTERVAL_MS, signal);
    }
  }

  /** The addresses that fail2ban does not list. */
  async #unlisted(
    jail: JailName,
    addresses: Addresses,
    refused: string | undefined,
    signal: AbortSignal,
  ): Promise<Reasons> {
    const listed = await this.#fail2ban.bannedIn(jail, signal);
    if (listed === undefined) return noJail(jail, addresses);
    const missing = addresses.filter((address) => !listed.has(address));
    return allFor(missing, refused ?? `jail ${jail} does not list it`);
  }

  async #unbanIn(
    jail: JailName,
    addresses: Addresses,
    signal: AbortSignal,
  ): Promise<Reasons> {
    const { takesMany } = await this.#fail2ban.abilities(signal);
    const present = await this.#withoutAbsentPrefixes(jail, addresses, signal);
    const single = present.filter((address) => !isPrefix(address));
    const parts = [
      ...(takesMany && single.length > 0
        ? [single]
        : single.map((address) => [address])),
      ...present.filter(isPrefix).map((address) => [address]),
    ];
    const reasons = new Map<Address, { readonly reason: string }>();
    for (const part of parts) {
      const words = ["set", jail, "unbanip", ...part];
      const reply = await this.#fail2ban.command(words, signal);
      if (takesMany && liftedMore(reply, part.length)) this.#overdone++;
      const refused = refusalOf(reply);
      if (refused === undefined || ABSENT.test(refused)) continue;
      for (const address of part) reasons.set(address, { reason: refused });
    }
    return reasons;
  }

  /** Unbanning a prefix that is not banned would lift every ban within it. */
  async #withoutAbsentPrefixes(
    jail: JailName,
    addresses: Addresses,
    signal: AbortSignal,
  ): Promise<Addresses> {
    if (!addresses.some(isPrefix)) return addresses;
    const listed = await this.#fail2ban.bannedIn(jail, signal);
    return addresses.filter((address) =>
      !isPrefix(address) || listed?.has(address) === true
    );
  }
}

/** How fail2ban before 0.10.5 refuses to lift an absent ban. */
const ABSENT = /not banned/;

async function inEachJail(
  bans: readonly HostBan[],
  work: (jail: JailName, addresses: Addresses) => Promise<Reasons>,
): Promise<readonly EnforcementFailure[]> {
  const failures: EnforcementFailure[] = [];
  for (const [jail, group] of Map.groupBy(bans, ({ jail }) => jail)) {
    const addresses = new Set(group.map(({ address }) => address));
    const reasons = await work(jail, [...addresses]);
    for (const ban of group) {
      const failure = reasons.get(ban.address);
      if (failure !== undefined) failures.push({ ban, ...failure });
    }
  }
  return failures;
}

/** Why a ban is refused before fail2ban is asked, if it is. */
function objection(
  address: Address,
  jail: JailName,
  ignored: IgnoredAddresses,
  { knowsIpv6 }: Fail2banAbilities,
): string | undefined {
  if (ignored.concerns(address)) return `ignoreip of jail ${jail} forbids it`;
  return knowsIpv6 || !address.includes(":")
    ? undefined
    : "this fail2ban does not know IPv6";
}

function noJail(jail: JailName, addresses: Addresses): Reasons {
  return allFor(addresses, `no jail ${jail}`);
}

function allFor(
  addresses: Addresses,
  reason: string,
  kind?: EnforcementFailure["kind"],
): Reasons {
  const failure = kind === undefined ? { reason } : { reason, kind };
  return new Map(addresses.map((address) => [address, failure]));
}

/** If a prefix has just ended, its unban lifts every ban within it. */
function liftedMore(reply: Fail2banReply, asked: number): boolean {
  return reply.kind === "done" && readCount(reply.value) > asked;
}

function isPrefix(address: Address): boolean {
  return address.includes("/");
}

/** fail2ban's reason for a refusal, if it refused. */
function refusalOf(reply: Fail2banReply): string | undefined {
  return reply.kind === "refused" ? `fail2ban: ${reply.reason}` : undefined;
}
