/**
 * What a fail2ban says of itself, asked for once in a while.
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
  readJails,
  readTickets,
} from "./replies.ts";
import type { IgnoreipNames } from "./ignoreip_names.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Clock } from "../async/clock.ts";
import type { Fail2banClient, Fail2banReply } from "./ports.ts";

/** What fail2ban says of itself is believed for so long, in milliseconds. */
const BELIEVED_MS = 10_000;
/** That a jail is not there is believed for a batch or two only. */
const MISSING_BELIEVED_MS = 1_000;

/** What fail2ban said of itself. */
interface Knowledge {
  readonly abilities: Fail2banAbilities;
  readonly jails: ReadonlySet<JailName>;
  readonly ignored: Map<JailName, IgnoredAddresses>;
  readonly askedAtMs: number;
}

/**
 * Asks a fail2ban. What seldom changes is asked for again after a while, and
 * when a command fails or finds no jail: another fail2ban may run by then.
 * Every method throws a `RuntimeError` when fail2ban can't be asked.
 */
export class Fail2banInfo {
  readonly #client: Fail2banClient;
  readonly #clock: Clock;
  readonly #names: IgnoreipNames | undefined;
  #knowledge: Knowledge | undefined;

  /**
   * Makes one who asks it.
   *
   * @param client The way to it.
   * @param clock Time.
   * @param names Looks up the host names in `ignoreip`; without it they protect nobody.
   */
  constructor(client: Fail2banClient, clock: Clock, names?: IgnoreipNames) {
    this.#client = client;
    this.#clock = clock;
    this.#names = names;
  }

  /** Looks whether it is there, and forgets what was known of it. */
  async check(signal: AbortSignal): Promise<void> {
    this.#knowledge = undefined;
    valueOf(await this.command(["ping"], signal));
    await this.#ask(signal);
  }

  /** What it can do. */
  async abilities(signal: AbortSignal): Promise<Fail2banAbilities> {
    return (await this.#ask(signal)).abilities;
  }

  /** Whom a jail never bans; `undefined` when there is no such jail. */
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

  /** How long a jail bans, in milliseconds; `undefined` when there is no such jail. */
  async banTimeIn(
    jail: JailName,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const reply = await this.command(["get", jail, "bantime"], signal);
    return reply.kind === "no_jail"
      ? undefined
      : readBanTime(valueOf(reply)) * 1_000;
  }

  /** Whom a jail bans; `undefined` when there is no such jail. */
  async bannedIn(
    jail: JailName,
    signal: AbortSignal,
  ): Promise<ReadonlySet<Address> | undefined> {
    const reply = await this.command(["status", jail], signal);
    if (reply.kind === "no_jail") return undefined;
    const tickets = readBannedInStatus(valueOf(reply));
    return new Set(tickets.map(({ address }) => address));
  }

  /** Whom a jail bans and until when, where it tells; nobody without the jail. */
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

  /** Gives it a command. */
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
      const believedMs = isMissing ? MISSING_BELIEVED_MS : BELIEVED_MS;
      if (nowMs - known.askedAtMs < believedMs) return known;
    }
    // The oldest do not know the command.
    const version = await this.command(["version"], signal);
    const jails = readJails(valueOf(await this.command(["status"], signal)));
    return this.#knowledge = {
      abilities: readAbilities(version.kind === "done" ? version.value : ""),
      jails,
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
