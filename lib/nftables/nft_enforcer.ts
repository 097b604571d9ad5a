/**
 * Enforces bans with nftables through the program `nft`. `nft_script.ts`
 * explains the table's layout.
 *
 * @module
 */

import { bisectFailures } from "./bisect_failures.ts";
import type { Address } from "../base/address.ts";
import { Mutex } from "../async/mutex.ts";
import { type FirewallGeneration, GenerationWatch } from "./nft_generation.ts";
import { nftReason } from "./nft_listing.ts";
import type { FirewallEvents } from "./nft_events.ts";
import type { ListedNftSet } from "./nft_listing.ts";
import {
  NFT_TABLE,
  nftPartSets,
  nftPlacesOf,
  type NftSet,
  nftSetParts,
  type NftTable,
} from "./nft_names.ts";
import {
  renderNftBans,
  renderNftRemoval,
  renderNftTable,
  renderNftUnbans,
} from "./nft_script.ts";
import { demandNft, NftLister } from "./nft_lister.ts";
import type { NftOutcome, NftProgram } from "./nft_program.ts";
import { TableContents } from "./table_contents.ts";
import type { Clock } from "../async/clock.ts";
import { CLUSTER_JAIL } from "../base/jail_name.ts";
import type {
  ActiveBan,
  EnforcementFailure,
  Enforcer,
  HostBan,
} from "../enforce/enforcer.ts";

/** Options for the enforcer of nftables. */
export interface NftEnforcerOptions {
  /** The bans' ends are in its time. */
  readonly clock: Clock;
  /** The table that holds the bans. @default {NFT_TABLE} */
  readonly table?: NftTable;
  /** Runs `nft`. */
  readonly program: NftProgram;
  /** Timeout of one `nft` call; doubled when a set takes longer to list. @default {10000} */
  readonly timeoutMs?: number;
  /** Tells whether anybody changed the firewall; without it, nobody knows. */
  readonly generation?: FirewallGeneration;
  /** Tells what others change; without it, each change of the firewall leads to a full list. */
  readonly events?: FirewallEvents;
}

/** Renders the transaction for these bans. */
type Render = (bans: readonly HostBan[]) => string;

const MAX_BANS_AT_ONCE = 2_000;
/** With more single addresses of a family than this, they go into parts. */
const WHOLE_LIMIT = 10_000;
/** Maximum `nft` calls after a failed transaction; 22 find one bad ban among 2,000. */
const MAX_ATTEMPTS = 100;

/**
 * The {@link Enforcer} for nftables. All bans of a call are one transaction.
 * When it fails, it is halved until the bans that nft refuses are known. The
 * table outlives this object; only {@link NftEnforcer.remove} removes it.
 *
 * @example
 * ```ts ignore
 * const clock = new SystemClock();
 * const enforcer = new NftEnforcer({ clock, program: new NftProcess(clock) });
 * await enforcer.check(signal);
 * const failures = await enforcer.apply(bans, signal);
 * ```
 */
export class NftEnforcer implements Enforcer {
  readonly name = "nftables";
  readonly lapses = true;
  /** The table belongs to the cluster. */
  readonly isAllOurs = true;
  readonly maxBansAtOnce = MAX_BANS_AT_ONCE;
  readonly #clock: Clock;
  readonly #table: NftTable;
  readonly #program: NftProgram;
  readonly #timeoutMs: number;
  readonly #lister: NftLister;
  readonly #generation: GenerationWatch;
  /** Held during each own change, so that it is counted before anybody looks for others' changes. */
  readonly #changing = new Mutex();
  /** Sets of the table, also after somebody removed it; `undefined`: not asked yet. */
  #sets: Set<NftSet> | undefined;
  /** Number of sets when the table was last made; `undefined`: the last try failed. */
  #setsMade: number | undefined;
  /** Upper bound of the single addresses by family; exact after a list. */
  readonly #singles = { 4: 0, 6: 0 };
  readonly #contents = new TableContents();

  constructor(options: NftEnforcerOptions) {
    const { clock, program, table = NFT_TABLE } = options;
    const { timeoutMs = 10_000 } = options;
    this.#clock = clock;
    this.#table = table;
    this.#timeoutMs = timeoutMs;
    const { generation, events } = options;
    this.#generation = new GenerationWatch(generation, { events, table });
    this.#program = program;
    const changing = this.#changing;
    const parts = { program, clock, table, changing, timeoutMs };
    this.#lister = new NftLister(parts);
  }

  async check(signal: AbortSignal): Promise<void> {
    const sets = await this.#knownSets(signal);
    const script = renderNftTable(this.#table, sets);
    this.#setsMade = undefined;
    demandNft(await this.#run(script, signal), this.#table);
    this.#setsMade = sets.size;
  }

  async apply(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    const sets = await this.#knownSets(signal);
    const { known, failures } = partition(bans);
    for (const set of known.values()) this.#expect(set, sets);
    const nowMs = this.#clock.nowMs();
    const isAbsent = (address: Address) => !this.#contents.mayHold(address);
    const render: Render = (some) =>
      renderNftBans(this.#table, some, nowMs, sets, isAbsent);
    try {
      const refused = await this.#transact([...known.keys()], render, signal);
      return [...failures, ...refused];
    } finally {
      // After a timeout the kernel may still have done it.
      this.#contents.note("added", known.keys().map(({ address }) => address));
    }
  }

  async lift(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    const sets = await this.#knownSets(signal);
    const { known, failures } = partition(bans);
    // A set that does not exist holds no ban.
    const inForce = [...known].filter(([, set]) => sets.has(set))
      .map(([ban]) => ban);
    const render: Render = (some) => {
      const addresses = some.map(({ address }) => address);
      return renderNftUnbans(this.#table, addresses, sets);
    };
    const refused = await this.#transact(inForce, render, signal);
    return [...failures, ...refused];
  }

  async isUnchanged(signal: AbortSignal): Promise<boolean> {
    // A table that could not be made counts as changed.
    return await this.#changing.withLock(signal, () => {
      this.#contents.note("look");
      return Promise.resolve(this.#isMade());
    });
  }

  async takeDeleted(
    signal: AbortSignal,
  ): Promise<readonly Pick<ActiveBan, "jail" | "address">[] | undefined> {
    return await this.#changing.withLock(signal, () => {
      const isWhole = this.#setsMade === this.#sets?.size;
      const deleted = isWhole ? this.#generation.takeDeleted() : undefined;
      const bans = deleted?.map((address) => ({ jail: CLUSTER_JAIL, address }));
      return Promise.resolve(bans);
    });
  }

  async list(signal: AbortSignal): Promise<readonly ActiveBan[]> {
    const mark = await this.#changing.withLock(signal, () => {
      this.#noteDisturbance();
      return Promise.resolve(this.#generation.mark());
    });
    this.#contents.note("list begins");
    const listed = await this.#lister.list(signal).catch((error) => {
      this.#contents.note("list fails");
      throw error;
    });
    this.#generation.seen(mark);
    this.#count(listed);
    const isEmpty = listed.every(({ bans }) => bans.length === 0);
    this.#contents.note(isEmpty ? "found empty" : "found bans");
    return listed.flatMap(({ bans }) => bans);
  }

  /**
   * Removes the table with all its bans, if it exists.
   *
   * @throws {RuntimeError} when nft fails or can't be run.
   */
  async remove(signal: AbortSignal): Promise<void> {
    const script = renderNftRemoval(this.#table);
    demandNft(await this.#run(script, signal), this.#table);
    this.#sets = undefined;
  }

  async #knownSets(signal: AbortSignal): Promise<Set<NftSet>> {
    return this.#sets ??= new Set(await this.#lister.sets(signal));
  }

  /** Counts an address that is about to be added to a set. */
  #expect(set: NftSet, sets: Set<NftSet>): void {
    sets.add(set);
    const { family, prefixBits } = nftSetParts(set);
    if (prefixBits !== undefined || ++this.#singles[family] <= WHOLE_LIMIT) {
      return;
    }
    for (const part of nftPartSets(family)) sets.add(part);
  }

  #count(listed: readonly ListedNftSet[]): void {
    this.#singles[4] = this.#singles[6] = 0;
    for (const { set, bans } of listed) {
      const { family, prefixBits } = nftSetParts(set);
      if (prefixBits === undefined) this.#singles[family] += bans.length;
    }
  }

  async #transact(
    bans: readonly HostBan[],
    render: Render,
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    if (bans.length === 0) return [];
    this.#noteDisturbance();
    if (this.#isMade()) {
      const script = render(bans);
      // The kernel counts no change for an empty script.
      if (script === "" || (await this.#run(script, signal)).ok) return [];
    }
    const { size = 0 } = this.#sets ?? {};
    const table = renderNftTable(this.#table, this.#sets);
    const attempt = async (some: readonly HostBan[]) => {
      const { ok, stderr } = await this.#run(table + render(some), signal);
      if (!ok) return nftReason(stderr);
      this.#setsMade = size;
      return undefined;
    };
    const reason = await attempt(bans);
    if (reason === undefined) return [];
    this.#contents.note("disturbed");
    demandNft(await this.#run(table, signal), this.#table);
    const failed = { items: bans, reason, attempt, maxAttempts: MAX_ATTEMPTS };
    const found = await bisectFailures(failed);
    return found.map(({ item, reason }) => ({ ban: item, reason }));
  }

  /** A list forgets that somebody else changed the table, so it comes first. */
  #noteDisturbance(): void {
    if (!this.#generation.isUnchanged()) this.#contents.note("disturbed");
  }

  /** Whether the table certainly has its sets and rules. */
  #isMade(): boolean {
    return this.#setsMade === this.#sets?.size &&
      this.#generation.isUnchanged();
  }

  /** Changes the firewall in one transaction. */
  async #run(script: string, signal: AbortSignal): Promise<NftOutcome> {
    const args = ["--file", "-"];
    const timeoutMs = this.#timeoutMs;
    return await this.#changing.withLock(signal, async () => {
      this.#generation.begin();
      try {
        const call = { args, input: script, timeoutMs };
        const outcome = await this.#program.call(call, signal);
        this.#generation.ended(outcome.ok);
        return outcome;
      } catch (error) {
        this.#generation.mayHaveChanged();
        throw error;
      }
    });
  }
}

/** Finds each ban's set; a ban without one is a failure. */
function partition(
  bans: readonly HostBan[],
): { known: Map<HostBan, NftSet>; failures: EnforcementFailure[] } {
  const known = new Map<HostBan, NftSet>();
  const failures: EnforcementFailure[] = [];
  for (const ban of bans) {
    const set = nftPlacesOf(ban.address)?.set;
    if (set !== undefined) known.set(ban, set);
    else {
      const reason = "nftables has no set for this address";
      failures.push({ ban, reason, kind: "refused" });
    }
  }
  return { known, failures };
}
