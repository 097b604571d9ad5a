/**
 * Caches what fail2ban reports about itself.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import { IgnoredAddresses, partIgnored } from "./ignoreip.ts";
import type { PickleValue } from "./pickle.ts";
import {
  type Fail2banAbilities,
  type ListedTicket,
  readAbilities,
  readBannedInStatus,
  readBanTime,
  readIgnored,
  readJailNames,
  readTickets,
  readWord,
} from "./replies.ts";
import type { IgnoreipNames } from "./ignoreip_names.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import type { Clock } from "../async/clock.ts";
import type { Fail2banClient, Fail2banReply } from "./ports.ts";

/** Maximum age of a cached answer. */
const MAX_AGE_MS = 10_000;
/** Maximum age of the answer that a jail is missing: a batch or two. */
const MISSING_MAX_AGE_MS = 1_000;

/** The cached answers. */
interface Knowledge {
  readonly abilities: Fail2banAbilities;
  readonly jails: ReadonlySet<JailName>;
  readonly oddJails: ReadonlySet<string>;
  readonly ignored: Map<JailName, IgnoredAddresses>;
  readonly askedAtMs: number;
}

/**
 * Asks fail2ban. Answers that seldom change are cached, until they are too old,
 * a command fails or a jail is missing: another fail2ban may run by then. Every
 * method throws a `RuntimeError` when fail2ban can't be asked.
 */
export class Fail2banInfo {
  readonly #client: Fail2banClient;
  readonly #clock: Clock;
  readonly #names: IgnoreipNames | undefined;
  #knowledge: Knowledge | undefined;

  /**
   * Starts with an empty cache.
   *
   * @param client The connection to fail2ban.
   * @param clock Time.
   * @param names Looks up the host names in `ignoreip`; without it they are
   * ignored.
   */
  constructor(client: Fail2banClient, clock: Clock, names?: IgnoreipNames) {
    this.#client = client;
    this.#clock = clock;
    this.#names = names;
  }

  /** Checks that fail2ban answers, and clears the cache. */
  async check(signal: AbortSignal): Promise<void> {
    this.#knowledge = undefined;
    valueOf(await this.command(["ping"], signal));
    await this.#ask(signal);
  }

  /** The abilities of its version. */
  async abilities(signal: AbortSignal): Promise<Fail2banAbilities> {
    return (await this.#ask(signal)).abilities;
  }

  /**
   * The addresses that a jail never bans; `undefined` when there is no such
   * jail.
   */
  async ignoredIn(
    jail: JailName,
    signal: AbortSignal,
  ): Promise<IgnoredAddresses | undefined> {
    const { jails, ignored } = await this.#ask(signal, jail);
    if (!jails.has(jail)) return undefined;
    const known = ignored.get(jail);
    if (known !== undefined) return known;
    const reply = await this.command(["get", jail, "ignoreip"], signal);
    if (reply.kind === "no_jail") return undefined;
    const { networks, others } = partIgnored(readIgnored(valueOf(reply)));
    const named = await this.#names?.networksOf(others, signal) ?? [];
    const addresses = new IgnoredAddresses([...networks, ...named]);
    ignored.set(jail, addresses);
    return addresses;
  }

  /** Its jails. */
  async jails(signal: AbortSignal): Promise<ReadonlySet<JailName>> {
    return (await this.#ask(signal)).jails;
  }

  /** Its jails at present, and the names of jails that can't be shared. */
  async allJails(
    signal: AbortSignal,
  ): Promise<Pick<Knowledge, "jails" | "oddJails">> {
    this.#knowledge = undefined;
    return await this.#ask(signal);
  }

  /**
   * A jail's ban time in milliseconds; `undefined` when there is no such jail.
   */
  async banTimeIn(
    jail: JailName,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const reply = await this.command(["get", jail, "bantime"], signal);
    return reply.kind === "no_jail"
      ? undefined
      : readBanTime(valueOf(reply)) * 1_000;
  }

  /** Its log target and log level, in its own words. */
  async logging(
    signal: AbortSignal,
  ): Promise<{ readonly target: string; readonly level: string }> {
    const target = valueOf(await this.command(["get", "logtarget"], signal));
    const level = valueOf(await this.command(["get", "loglevel"], signal));
    return { target: readWord(target), level: readWord(level) };
  }

  /** The path of its database; `undefined` when it has none. */
  async databasePath(signal: AbortSignal): Promise<string | undefined> {
    const value = valueOf(await this.command(["get", "dbfile"], signal));
    const path = typeof value === "string" ? readWord(value) : "";
    return path.startsWith("/") ? path : undefined;
  }

  /** Its version; empty if it does not say. */
  async version(signal: AbortSignal): Promise<string> {
    const reply = await this.command(["version"], signal);
    const value = reply.kind === "done" ? reply.value : "";
    return typeof value === "string" ? value.trim() : "";
  }

  /** The addresses that a jail bans; `undefined` when there is no such jail. */
  async bannedIn(
    jail: JailName,
    signal: AbortSignal,
  ): Promise<ReadonlySet<Address> | undefined> {
    const reply = await this.command(["status", jail], signal);
    if (reply.kind === "no_jail") return undefined;
    const tickets = readBannedInStatus(valueOf(reply));
    return new Set(tickets.map(({ address }) => address));
  }

  /**
   * The addresses that a jail bans, with their times if it lists these; empty
   * when there is no such jail.
   */
  async ticketsIn(
    jail: JailName,
    signal: AbortSignal,
  ): Promise<readonly ListedTicket[]> {
    const { abilities: { listsTimes }, jails } = await this.#ask(signal, jail);
    if (!jails.has(jail)) return [];
    const words = listsTimes
      ? ["get", jail, "banip", "--with-time"]
      : ["status", jail];
    const reply = await this.command(words, signal);
    if (reply.kind === "no_jail") return [];
    const value = valueOf(reply);
    return listsTimes ? readTickets(value) : readBannedInStatus(value);
  }

  /** Sends a command. */
  async command(
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<Fail2banReply> {
    const known = this.#knowledge;
    this.#knowledge = undefined;
    const reply = await this.#client.command(words, signal);
    if (reply.kind !== "no_jail") this.#knowledge = known;
    return reply;
  }

  async #ask(signal: AbortSignal, jail?: JailName): Promise<Knowledge> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#knowledge;
    if (known !== undefined) {
      const isMissing = jail !== undefined && !known.jails.has(jail);
      const maxAgeMs = isMissing ? MISSING_MAX_AGE_MS : MAX_AGE_MS;
      if (nowMs - known.askedAtMs < maxAgeMs) return known;
    }
    // The oldest versions don't know this command.
    const version = await this.command(["version"], signal);
    const status = valueOf(await this.command(["status"], signal));
    const jails = new Set<JailName>();
    const oddJails = new Set<string>();
    for (const name of readJailNames(status)) {
      const jail = parseJailName(name);
      if (jail === undefined) oddJails.add(name);
      else jails.add(jail);
    }
    return this.#knowledge = {
      abilities: readAbilities(version.kind === "done" ? version.value : ""),
      ...{ jails, oddJails },
      ignored: new Map(),
      askedAtMs: nowMs,
    };
  }
}

function valueOf(reply: Fail2banReply): PickleValue {
  if (reply.kind === "done") return reply.value;
  throw new RuntimeError(
    reply.kind === "no_jail"
      ? "fail2ban does not know a jail that it named"
      : `fail2ban refused to answer: ${reply.reason}`,
  );
}
