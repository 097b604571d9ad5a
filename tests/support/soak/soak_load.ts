import { RuntimeError } from "../../../lib/base/errors.ts";
import { Fail2banSocket } from "../../../lib/fail2ban/io/fail2ban_socket.ts";
import type { SeededRandom } from "../values/seeded_random.ts";
import { testAddress } from "../fail2ban/fail2ban_lines.ts";
import { oneOf } from "./soak_faults.ts";
import { pass } from "../host/side_by_side.ts";
import { SOAK_HOSTS, SOAK_JAILS, type SoakCluster } from "./soak_cluster.ts";

/** Bans per second, in one command. */
const BANS = 5;
const EVERY_MS = 1_000;
/** One of this many commands goes to a second host as well. */
const SHARED_EVERY = 10;
/** One of this many commands is followed by an unban. */
const UNBAN_EVERY = 2;

/**
 * Sends commands to fail2bans. Their actual bans count: one that is down
 * accepts nothing.
 */
export class SoakLoad implements AsyncDisposable {
  /** Number of bans that a fail2ban accepted. */
  taken = 0;
  /** Number of bans for a fail2ban that was down or busy. */
  refused = 0;
  readonly #random: SeededRandom;
  readonly #sockets: ReadonlyMap<string, Fail2banSocket>;
  readonly #stop = new AbortController();
  readonly #work: Promise<void>;
  #next = 0;
  #commands = 0;

  /** Starts at once. */
  constructor(soak: SoakCluster, random: SeededRandom) {
    this.#random = random;
    this.#sockets = new Map(
      SOAK_HOSTS.map((host) => [
        host,
        new Fail2banSocket({ path: soak.fail2ban(host).socketPath }),
      ]),
    );
    this.#work = this.#run();
    // end() reports it.
    this.#work.catch(() => {});
  }

  /** Stops. @throws the error that occurred meanwhile. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#work.catch(() => {});
    for (const socket of this.#sockets.values()) {
      await socket[Symbol.asyncDispose]();
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const startMs = performance.now();
    while (!signal.aborted) {
      await this.#say();
      const dueMs = startMs + this.#commands * EVERY_MS;
      await pass(Math.max(0, dueMs - performance.now()));
    }
  }

  async #say(): Promise<void> {
    const random = this.#random;
    const host = oneOf(SOAK_HOSTS, random);
    const jail = oneOf(SOAK_JAILS, random);
    const from = this.#next;
    this.#next += BANS;
    const addresses = Array.from(
      { length: BANS },
      (_, index) => testAddress(from + index),
    );
    await this.#ban(host, jail, addresses);
    this.#commands++;
    if (this.#commands % SHARED_EVERY === 0) {
      await this.#ban(oneOf(SOAK_HOSTS, random), jail, addresses);
    }
    if (this.#commands % UNBAN_EVERY === 0) {
      const some = testAddress(Math.floor(random.below(this.#next)));
      await this.#command(host, ["set", jail, "unbanip", some]);
    }
  }

  async #ban(
    host: string,
    jail: string,
    addresses: readonly string[],
  ): Promise<void> {
    const isTaken = await this.#command(host, [
      ...["set", jail, "banip"],
      ...addresses,
    ]);
    if (isTaken) this.taken += addresses.length;
    else this.refused += addresses.length;
  }

  async #command(host: string, words: readonly string[]): Promise<boolean> {
    try {
      const socket = this.#sockets.get(host);
      const reply = await socket?.command(words, this.#stop.signal);
      return reply?.kind === "done";
    } catch (error) {
      if (error instanceof RuntimeError) return false;
      if (this.#stop.signal.aborted) return false;
      throw error;
    }
  }
}
