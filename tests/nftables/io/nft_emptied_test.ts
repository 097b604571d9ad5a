import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import type { HostBan } from "../../../lib/enforce/enforcer.ts";
import { NftEnforcer } from "../../../lib/nftables/nft_enforcer.ts";
import {
  type NftCall,
  NftLateError,
  type NftOutcome,
  type NftProgram,
} from "../../../lib/nftables/nft_program.ts";
import { NftProcess } from "../../../lib/nftables/io/nft_process.ts";
import { type NftHost, testNft } from "../../support/enforce/nft_host.ts";
import { hostBan } from "../../support/values/local_bans.ts";

const { signal } = new AbortController();
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];
const SET = "inet fail2ban_cluster banned4";

/** The real `nft` of a host, whose changes are counted as the kernel counts them. */
class CountedNft implements NftProgram {
  readonly clock = new SystemClock();
  scripts: string[] = [];
  generation = 1;
  /** Done once, after the next list of sets. */
  meanwhile: (() => Promise<unknown>) | undefined;
  /** Has the kernel make the change that was late: nft was ended before. */
  late: (() => Promise<unknown>) | undefined;
  #isNextLate = false;
  readonly #host: NftHost;
  readonly #program: NftProgram;

  constructor(host: NftHost) {
    this.#host = host;
    this.#program = new NftProcess(this.clock, host.inside("nft"));
  }

  /** The next change is late. */
  delayNext(): void {
    this.#isNextLate = true;
  }

  async call(call: NftCall, signal: AbortSignal): Promise<NftOutcome> {
    const { args, input } = call;
    if (input !== undefined && this.#isNextLate) {
      this.#isNextLate = false;
      this.late = () => this.call(call, signal);
      throw new NftLateError("nft has not answered");
    }
    const outcome = await this.#program.call(call, signal);
    if (args.includes("--terse")) await this.#doMeanwhile();
    if (input === undefined) return outcome;
    this.scripts.push(input);
    if (input !== "" && outcome.ok) this.generation++;
    return outcome;
  }

  async #doMeanwhile(): Promise<void> {
    const { meanwhile } = this;
    this.meanwhile = undefined;
    await meanwhile?.();
  }

  /** Somebody else changes the firewall. */
  async other(...words: string[]): Promise<void> {
    await this.#host.nft(...words);
    this.generation++;
  }

  enforcer(): NftEnforcer {
    const generation = { read: () => this.generation };
    return new NftEnforcer({ clock: this.clock, program: this, generation });
  }

  /** How many elements the scripts since the last call deleted. */
  takeDeletions(): number {
    const scripts = this.scripts.splice(0).join("\n");
    return scripts.match(/^delete element .*$/gm)?.join().split(",").length ??
      0;
  }
}

/** Bans of different addresses. */
function bans(count: number, forMs: number): HostBan[] {
  return Array.from(
    { length: count },
    (_, at) => hostBan(`198.18.${at >> 8}.${at & 255}`, forMs),
  );
}

async function listed(enforcer: NftEnforcer): Promise<Map<string, number>> {
  const list = await enforcer.list(signal);
  return new Map(
    list.map(({ address, expiresMs = NaN }) => [address, expiresMs]),
  );
}

/** An enforcer whose table somebody emptied, and that has seen that. */
async function emptied(nft: CountedNft): Promise<NftEnforcer> {
  const enforcer = nft.enforcer();
  await enforcer.check(signal);
  await enforcer.apply(bans(3, MINUTE_MS), signal);
  strictEqual(nft.takeDeletions(), 3, "at first anything may be there");
  await nft.other("flush", "ruleset");
  strictEqual(await enforcer.isUnchanged(signal), false);
  await enforcer.check(signal);
  strictEqual((await listed(enforcer)).size, 0);
  nft.takeDeletions();
  return enforcer;
}

testNft(
  "NftEnforcer only adds to a table that it finds empty at its start",
  async (host) => {
    const nft = new CountedNft(host);
    const enforcer = nft.enforcer();
    await enforcer.check(signal);
    strictEqual((await listed(enforcer)).size, 0);
    // The copy is still on its way.
    for (let look = 0; look < 3; look++) await enforcer.isUnchanged(signal);
    deepStrictEqual(await enforcer.apply(bans(2_000, MINUTE_MS), signal), []);
    strictEqual(nft.takeDeletions(), 0);
    strictEqual((await listed(enforcer)).size, 2_000);
  },
);

testNft(
  "NftEnforcer only adds to a table that somebody emptied, and gives what it added itself its new end",
  async (host) => {
    const nft = new CountedNft(host);
    const enforcer = await emptied(nft);
    for (const count of [3, 2_000]) {
      deepStrictEqual(await enforcer.apply(bans(count, MINUTE_MS), signal), []);
    }
    strictEqual(nft.takeDeletions(), 3);
    deepStrictEqual(await enforcer.apply(bans(2_000, HOUR_MS), signal), []);
    strictEqual(nft.takeDeletions(), 2_000);
    const ends = await listed(enforcer);
    strictEqual(ends.size, 2_000);
    for (const ms of ends.values()) ok(ms > Date.now() + 2 * MINUTE_MS);
    await enforcer.lift(bans(1_000, HOUR_MS), signal);
    strictEqual((await listed(enforcer)).size, 1_000);
  },
);

testNft(
  "NftEnforcer deletes first once it has filled the table again",
  async (host) => {
    const nft = new CountedNft(host);
    const enforcer = await emptied(nft);
    await enforcer.apply(bans(2, MINUTE_MS), signal);
    strictEqual(await enforcer.isUnchanged(signal), true);
    await enforcer.apply(bans(4, MINUTE_MS), signal);
    strictEqual(nft.takeDeletions(), 2);
    for (let look = 0; look < 2; look++) await enforcer.isUnchanged(signal);
    await enforcer.apply(bans(6, MINUTE_MS), signal);
    strictEqual(nft.takeDeletions(), 6);
  },
);

testNft(
  "NftEnforcer gives a ban its end, also where somebody put it into the empty table meanwhile",
  async (host) => {
    const nft = new CountedNft(host);
    const enforcer = await emptied(nft);
    await nft.other("add", "element", SET, "{ 198.18.0.7 timeout 30s }");
    deepStrictEqual(await enforcer.apply(bans(2_000, HOUR_MS), signal), []);
    const endMs = (await listed(enforcer)).get("198.18.0.7") ?? NaN;
    ok(endMs > Date.now() + MINUTE_MS);
  },
);

testNft(
  "NftEnforcer gives a ban its end, also where it has listed what somebody put in while it filled the table",
  async (host) => {
    const nft = new CountedNft(host);
    const enforcer = await emptied(nft);
    await enforcer.apply(bans(3, MINUTE_MS), signal);
    await nft.other("add", "element", SET, "{ 198.18.0.7 timeout 30s }");
    strictEqual(await enforcer.isUnchanged(signal), false);
    await enforcer.check(signal);
    strictEqual((await listed(enforcer)).size, 4);
    nft.takeDeletions();
    await enforcer.apply([hostBan("198.18.0.7", HOUR_MS)], signal);
    strictEqual(nft.takeDeletions(), 1);
    const endMs = (await listed(enforcer)).get("198.18.0.7") ?? NaN;
    ok(endMs > Date.now() + MINUTE_MS);
  },
);

testNft(
  "NftEnforcer takes nothing for granted where the table is emptied again while it fills it",
  async (host) => {
    const nft = new CountedNft(host);
    const enforcer = await emptied(nft);
    await enforcer.apply(bans(2_000, HOUR_MS), signal);
    strictEqual(nft.takeDeletions(), 0);
    await nft.other("flush", "ruleset");
    await enforcer.apply(bans(2_500, HOUR_MS).slice(2_000), signal);
    strictEqual(nft.takeDeletions(), 500);
    strictEqual((await listed(enforcer)).size, 500);
  },
);

testNft(
  "NftEnforcer changes nothing in an emptied table for bans that have ended, and knows that nobody else did",
  async (host) => {
    const nft = new CountedNft(host);
    const enforcer = await emptied(nft);
    nft.scripts = [];
    const ended = [hostBan("198.18.0.1", -1_000)];
    deepStrictEqual(await enforcer.apply(ended, signal), []);
    deepStrictEqual(nft.scripts, []);
    strictEqual(await enforcer.isUnchanged(signal), true);
  },
);

testNft(
  "NftEnforcer gives a ban its end, also where the kernel took it before from an nft that was ended while all was listed",
  async (host) => {
    const nft = new CountedNft(host);
    const enforcer = await emptied(nft);
    nft.delayNext();
    nft.meanwhile = () =>
      rejects(enforcer.apply(bans(1, MINUTE_MS), signal), NftLateError);
    strictEqual((await listed(enforcer)).size, 0);
    ok(nft.late);
    await nft.late();
    nft.takeDeletions();
    deepStrictEqual(await enforcer.apply(bans(1, HOUR_MS), signal), []);
    strictEqual(nft.takeDeletions(), 1);
    const endMs = (await listed(enforcer)).get("198.18.0.0") ?? NaN;
    ok(endMs > Date.now() + 2 * MINUTE_MS);
  },
);
