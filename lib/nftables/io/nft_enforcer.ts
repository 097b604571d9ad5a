/**
 * Enforces bans with nftables, through the program `nft`: `../nft_script.ts`
 * says how.
 *
 * @module
 */

import { bisectFailures } from "../bisect_failures.ts";
import { EitherSignal } from "../../async/either_signal.ts";
import { RuntimeError } from "../../base/errors.ts";
import { Mutex } from "../../async/mutex.ts";
import { type FirewallGeneration, GenerationWatch } from "../nft_generation.ts";
import { nftHint, nftReason, parseNftListing } from "../nft_listing.ts";
import type { ListedNftSet } from "../nft_listing.ts";
import {
  NFT_TABLE,
  type NftSet,
  nftSetOf,
  type NftTable,
} from "../nft_names.ts";
import {
  renderNftBans,
  renderNftRemoval,
  renderNftTable,
  renderNftUnbans,
} from "../nft_script.ts";
import type { Clock } from "../../async/clock.ts";
import type {
  ActiveBan,
  EnforcementFailure,
  Enforcer,
  HostBan,
} from "../../enforce/enforcer.ts";

/** Options for the enforcer of nftables. */
export interface NftEnforcerOptions {
  /** Bans are in its time. */
  readonly clock: Clock;
  /** The table that holds the bans. @default {NFT_TABLE} */
  readonly table?: NftTable;
  /** The program and what stands before its own arguments. @default {["nft"]} */
  readonly command?: readonly [string, ...string[]];
  /** Timeout of one call of the program. @default {10000} */
  readonly timeoutMs?: number;
  /** Tells whether anybody changed the firewall; without it that is never certain. */
  readonly generation?: FirewallGeneration;
}

/** How a call of the program went. */
interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Renders the transaction for some bans. */
type Render = (bans: readonly HostBan[]) => string;

const MAX_BANS_AT_ONCE = 2_000;
/** Calls after a failed transaction, at most; 22 find one bad ban among 2,000. */
const MAX_ATTEMPTS = 100;

/**
 * The {@link Enforcer} for nftables. All bans of a call go in one transaction;
 * when it fails, it is halved until those that nft refuses are known. The
 * table outlives this object: only {@link NftEnforcer.remove} removes it.
 *
 * @example
 * ```ts ignore
 * const enforcer = new NftEnforcer({ clock: new SystemClock() });
 * await enforcer.check(signal);
 * const failures = await enforcer.apply(bans, signal);
 * ```
 */
export class NftEnforcer implements Enforcer {
  readonly name = "nftables";
  readonly lapses = true;
  readonly maxBansAtOnce = MAX_BANS_AT_ONCE;
  readonly #clock: Clock;
  readonly #table: NftTable;
  readonly #command: readonly [string, ...string[]];
  readonly #timeoutMs: number;
  readonly #generation: GenerationWatch;
  /** Held while something is changed, so that own changes are counted when others are looked for. */
  readonly #changing = new Mutex();
  /** Sets that the table has, or had until somebody removed it; `undefined`: not asked yet. */
  #sets: Set<NftSet> | undefined;

  constructor(options: NftEnforcerOptions) {
    this.#clock = options.clock;
    this.#table = options.table ?? NFT_TABLE;
    this.#command = options.command ?? ["nft"];
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#generation = new GenerationWatch(options.generation);
  }

  async check(signal: AbortSignal): Promise<void> {
    const sets = await this.#knownSets(signal);
    this.#demand(await this.#run(renderNftTable(this.#table, sets), signal));
  }

  async apply(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    const sets = await this.#knownSets(signal);
    const { known, failures } = partition(bans);
    for (const set of known.values()) sets.add(set);
    const nowMs = this.#clock.nowMs();
    const render: Render = (some) => renderNftBans(this.#table, some, nowMs);
    const refused = await this.#transact([...known.keys()], render, signal);
    return [...failures, ...refused];
  }

  async lift(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    const sets = await this.#knownSets(signal);
    const { known, failures } = partition(bans);
    // Where there is no set, there is no ban.
    const inForce = [...known].filter(([, set]) => sets.has(set))
      .map(([ban]) => ban);
    const render: Render = (some) =>
      renderNftUnbans(this.#table, some.map(({ address }) => address));
    const refused = await this.#transact(inForce, render, signal);
    return [...failures, ...refused];
  }

  async isUnchanged(signal: AbortSignal): Promise<boolean> {
    return await this.#changing.withLock(
      signal,
      () => Promise.resolve(this.#generation.isUnchanged()),
    );
  }

  async list(signal: AbortSignal): Promise<readonly ActiveBan[]> {
    const mark = await this.#changing.withLock(
      signal,
      () => Promise.resolve(this.#generation.mark()),
    );
    const listed = await this.#list([], signal);
    this.#generation.seen(mark);
    return listed.flatMap(({ bans }) => bans);
  }

  /**
   * Removes the table with all bans in it. Fine when there is none.
   *
   * @throws {RuntimeError} when that can't be done, now.
   */
  async remove(signal: AbortSignal): Promise<void> {
    this.#demand(await this.#run(renderNftRemoval(this.#table), signal));
    this.#sets = undefined;
  }

  async #knownSets(signal: AbortSignal): Promise<Set<NftSet>> {
    if (this.#sets === undefined) {
      const listed = await this.#list(["--terse"], signal);
      this.#sets = new Set(listed.map(({ set }) => set));
    }
    return this.#sets;
  }

  async #list(
    options: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ListedNftSet[]> {
    const nowMs = this.#clock.nowMs();
    const what = ["list", "table", "inet", this.#table];
    const args = ["--json", ...options, ...what];
    const outcome = await this.#call(args, "", signal);
    if (!outcome.ok && /No such file or directory/.test(outcome.stderr)) {
      return [];
    }
    this.#demand(outcome);
    try {
      return parseNftListing(outcome.stdout, nowMs);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new RuntimeError(
        `nft lists what nobody can read: ${error.message}`,
        {
          hint: `nft --json list table inet ${this.#table} shows it`,
          cause: error,
        },
      );
    }
  }

  async #transact(
    bans: readonly HostBan[],
    render: Render,
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    if (bans.length === 0) return [];
    const table = renderNftTable(this.#table, this.#sets);
    const attempt = async (some: readonly HostBan[]) => {
      const { ok, stderr } = await this.#run(table + render(some), signal);
      return ok ? undefined : nftReason(stderr);
    };
    const reason = await attempt(bans);
    if (reason === undefined) return [];
    this.#demand(await this.#run(table, signal));
    const failed = { items: bans, reason, attempt, maxAttempts: MAX_ATTEMPTS };
    const found = await bisectFailures(failed);
    return found.map(({ item, reason }) => ({ ban: item, reason }));
  }

  #demand(outcome: Outcome): void {
    if (outcome.ok) return;
    const reason = nftReason(outcome.stderr);
    throw new RuntimeError(`nft failed: ${reason}`, {
      hint: nftHint(reason, this.#table),
    });
  }

  /** Changes the firewall, wholly or not at all. */
  async #run(script: string, signal: AbortSignal): Promise<Outcome> {
    return await this.#changing.withLock(signal, async () => {
      try {
        const outcome = await this.#call(["--file", "-"], script, signal);
        if (outcome.ok) this.#generation.changed();
        return outcome;
      } catch (error) {
        this.#generation.mayHaveChanged();
        throw error;
      }
    });
  }

  async #call(
    args: readonly string[],
    input: string,
    signal: AbortSignal,
  ): Promise<Outcome> {
    signal.throwIfAborted();
    const child = this.#spawn(args);
    const late = new RuntimeError(
      `nft has not answered for ${this.#timeoutMs / 1_000} s`,
      { hint: "it may wait for another program that changes the firewall" },
    );
    const answered = new AbortController();
    using stop = new EitherSignal([signal, answered.signal]);
    const kill = () => endChild(child);
    signal.addEventListener("abort", kill, { once: true });
    const isLate = this.#clock.delay(this.#timeoutMs, stop.signal).then(
      () => {
        kill();
        return true;
      },
      () => false,
    );
    const [output] = await Promise.all([child.output(), write(child, input)])
      .finally(() => {
        signal.removeEventListener("abort", kill);
        answered.abort();
      });
    if (await isLate) throw late;
    signal.throwIfAborted();
    const decoder = new TextDecoder();
    return {
      ok: output.success,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  }

  #spawn(args: readonly string[]): Deno.ChildProcess {
    const [program, ...prefix] = this.#command;
    try {
      return new Deno.Command(program, {
        args: [...prefix, ...args],
        env: { LC_ALL: "C" },
        cwd: "/",
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      // What the system says; anything else is a bug.
      if (!(error instanceof Error && "code" in error)) throw error;
      throw new RuntimeError(`${program} can't be run: ${error.message}`, {
        hint: "install the package nftables",
        cause: error,
      });
    }
  }
}

/** Tells bans that a set takes, and which, from those that none does. */
function partition(
  bans: readonly HostBan[],
): { known: Map<HostBan, NftSet>; failures: EnforcementFailure[] } {
  const known = new Map<HostBan, NftSet>();
  const failures: EnforcementFailure[] = [];
  for (const ban of bans) {
    const set = nftSetOf(ban.address);
    if (set !== undefined) known.set(ban, set);
    else {
      const reason = "nftables has no set for this address";
      failures.push({ ban, reason, kind: "refused" });
    }
  }
  return { known, failures };
}

/** A transaction is done wholly or not at all, also when its program is killed. */
function endChild(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    const hasEnded = error instanceof TypeError ||
      error instanceof Deno.errors.NotFound;
    if (!hasEnded) throw error;
  }
}

async function write(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // It ended without reading; its exit code says the rest.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
