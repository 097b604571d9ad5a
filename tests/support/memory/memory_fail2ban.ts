/**
 * A fail2ban in memory, with the answers of its socket.
 *
 * @module
 */

import { type Address, addressParts } from "../../../lib/base/address.ts";
import { assertFail2banCommand } from "../../../lib/fail2ban/commands.ts";
import type { PickleValue } from "../../../lib/fail2ban/pickle.ts";
import { readAbilities } from "../../../lib/fail2ban/replies.ts";
import type { Clock } from "../../../lib/async/clock.ts";
import type {
  Fail2banClient,
  Fail2banReply,
} from "../../../lib/fail2ban/ports.ts";
import { ExclusiveWait } from "../../../lib/async/exclusive_wait.ts";

/** A jail. */
export interface MemoryJail {
  /** Its `ignoreip`. */
  ignored: string[];
  /** Its `bantime`; -1 for permanent. */
  bantimeSeconds: number;
  /** Ban times by address, in milliseconds since 1970. */
  readonly banned: Map<string, number>;
}

/** Delay of a ban after its answer before 0.10.5, in milliseconds. */
const OLD_DELAY_MS = 1_000;

/** A fail2ban with observable state. */
export class MemoryFail2ban implements Fail2banClient {
  /** All commands, oldest first, words joined. */
  readonly said: string[] = [];
  /** Its version. */
  version: string;
  /** Number of different servers that answered. */
  servers = 1;
  /** Called before an unban. */
  beforeUnban: () => void = () => {};
  /** An error to throw instead of answering. */
  failure: Error | undefined;
  /** Gives the reason why a command is refused, if it is. */
  refuses: (words: readonly string[]) => string | undefined = () => undefined;
  readonly #clock: Clock;
  readonly #jails = new Map<string, MemoryJail>();
  readonly #turn = new ExclusiveWait("command");

  /**
   * @param clock The clock of the bans.
   * @param version The version.
   */
  constructor(clock: Clock, version = "1.0.2") {
    this.#clock = clock;
    this.version = version;
  }

  /** Adds a jail, or returns the existing one. */
  jail(name: string): MemoryJail {
    const jail = this.#jails.get(name) ??
      { ignored: [], bantimeSeconds: 600, banned: new Map() };
    this.#jails.set(name, jail);
    return jail;
  }

  /** Removes a jail. */
  removeJail(name: string): void {
    this.#jails.delete(name);
  }

  /** The addresses banned in a jail now. */
  banned(name: string): string[] {
    const nowMs = this.#clock.nowMs();
    return [...this.jail(name).banned].filter(([, madeMs]) => madeMs <= nowMs)
      .map(([address]) => address);
  }

  async command(
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<Fail2banReply> {
    assertFail2banCommand(words);
    using _turn = this.#turn.enter();
    signal.throwIfAborted();
    this.said.push(words.join(" "));
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    const reason = this.refuses(words);
    if (reason !== undefined) return { kind: "refused", reason };
    return this.#reply(words);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #reply([verb, name = "", what, ...rest]: readonly string[]): Fail2banReply {
    if (verb === "ping") return done("pong");
    if (verb === "version") return done(this.version);
    if (name === "") return done(this.#status());
    const jail = this.#jails.get(name);
    if (jail === undefined) return { kind: "no_jail" };
    if (verb === "status") {
      return done([["Filter", []], ["Actions", [
        ["Banned IP list", this.banned(name)],
      ]]]);
    }
    switch (what) {
      case "ignoreip":
        return done(jail.ignored);
      case "bantime":
        return done(jail.bantimeSeconds);
      case "unbanip":
        this.beforeUnban();
        return this.#unban(jail, rest as Address[]);
      default:
        return verb === "get" ? done(tickets(jail)) : this.#ban(jail, rest);
    }
  }

  #status(): PickleValue {
    const jails = [...this.#jails.keys()].sort().join(", ");
    return [["Number of jail", this.#jails.size], ["Jail list", jails]];
  }

  #ban(jail: MemoryJail, addresses: readonly string[]): Fail2banReply {
    const { takesMany } = readAbilities(this.version);
    const [first = ""] = addresses;
    const nowMs = this.#clock.nowMs();
    const heard = takesMany ? addresses : [first];
    const before = jail.banned.size;
    for (const address of heard) {
      // A new version prolongs an existing ban.
      if (jail.banned.has(address) && !takesMany) continue;
      jail.banned.set(address, takesMany ? nowMs : nowMs + OLD_DELAY_MS);
    }
    return done(takesMany ? jail.banned.size - before : first);
  }

  #unban(jail: MemoryJail, addresses: readonly Address[]): Fail2banReply {
    const { takesMany } = readAbilities(this.version);
    const [first = ""] = addresses;
    if (!takesMany) {
      return jail.banned.delete(first)
        ? done(first)
        : { kind: "refused", reason: `IP ${first} is not banned` };
    }
    let count = 0;
    for (const address of addresses) {
      const lifted = jail.banned.has(address)
        ? [address]
        : [...jail.banned.keys()].filter((key) =>
          isWithin(key as Address, address)
        );
      for (const key of lifted) jail.banned.delete(key);
      count += lifted.length;
    }
    return done(count);
  }
}

function done(value: PickleValue): Fail2banReply {
  return { kind: "done", value };
}

function isWithin(inner: Address, outer: Address): boolean {
  const { base, prefixBits } = addressParts(outer);
  const other = addressParts(inner);
  return outer.includes("/") && base.kind() === other.base.kind() &&
    prefixBits <= other.prefixBits && other.base.match(base, prefixBits);
}

function tickets({ banned, bantimeSeconds }: MemoryJail): PickleValue {
  return [...banned].map(([address, madeMs]) => {
    const endMs = madeMs + bantimeSeconds * 1_000;
    const end = bantimeSeconds < 0 ? "9999-12-31 23:59:59" : localTime(endMs);
    return `${address} \t${localTime(madeMs)} + ${bantimeSeconds} = ${end}`;
  });
}

/** A time in fail2ban's format: local, in seconds, without a zone. */
export function localTime(ms: number): string {
  const date = new Date(ms);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return `${day.map(two).join("-")} ${time.map(two).join(":")}`;
}
