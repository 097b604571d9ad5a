import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { NftEnforcer } from "../../../lib/nftables/nft_enforcer.ts";
import { NftProcess } from "../../../lib/nftables/io/nft_process.ts";
import { hostBan, localBans } from "../../support/values/local_bans.ts";
import { testNft } from "../../support/enforce/nft_host.ts";
import { scaled } from "../../support/host/deadline.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import type { Enforcer, HostBan } from "../../../lib/enforce/enforcer.ts";

const NEVER = new AbortController().signal;
const MANY = 50_000;

async function inBatches(
  enforcer: Enforcer,
  bans: readonly HostBan[],
  verb: "apply" | "lift",
): Promise<void> {
  for (let at = 0; at < bans.length; at += enforcer.maxBansAtOnce) {
    const some = bans.slice(at, at + enforcer.maxBansAtOnce);
    deepStrictEqual(await enforcer[verb](some, NEVER), []);
  }
}

async function addresses(enforcer: Enforcer): Promise<string[]> {
  const listed = await enforcer.list(NEVER) ?? [];
  return listed.map(({ address }) => address).sort();
}

testNft(
  "NftEnforcer holds many bans in parts: each is dropped, listed once with its end, prolonged and lifted, also by the next program",
  async (host) => {
    const singles = localBans(MANY);
    const others = Array.from(
      { length: 11_000 },
      (_, at) => hostBan(`2001:db8:${(at + 1).toString(16)}::1`),
    );
    const all = [...singles, ...others, hostBan("198.51.100.0/24")];
    const enforcer = host.enforcer();
    await enforcer.check(NEVER);
    await inBatches(enforcer, all, "apply");
    deepStrictEqual(
      await addresses(enforcer),
      all.map(({ address }) => address).sort(),
    );
    const chain = await host.nft(
      "list",
      "table",
      "inet",
      "fail2ban_cluster",
      "-t",
    )
      .catch(() => host.nft("-t", "list", "table", "inet", "fail2ban_cluster"));
    ok(chain.includes("set banned4_part63 {"), chain.slice(0, 1_000));
    ok(chain.includes("set banned6_part63 {"));
    for (const at of [0, 9_999, 30_001, 49_963]) {
      const address = singles[at]?.address ?? "";
      strictEqual(await host.dropsFrom(address), 1, address);
    }
    for (const address of ["2001:db8:1::1", "2001:db8:2af8::1"]) {
      strictEqual(await host.dropsFrom(address), 1, address);
    }
    strictEqual(await host.dropsFrom("198.51.100.77"), 1);
    strictEqual(await host.dropsFrom("192.0.2.1"), 0);
    strictEqual(await host.dropsFrom("2001:db8:2af9:1::1"), 0);

    // What came first is in the whole set, and stays one ban.
    const next = host.enforcer();
    await next.check(NEVER);
    const again = singles.slice(0, 10).map(({ address }) =>
      hostBan(address, 60_000)
    );
    await inBatches(next, again, "apply");
    const listed = (await next.list(NEVER)).filter(({ address }) =>
      again.some((ban) => ban.address === address)
    );
    strictEqual(listed.length, again.length);
    for (const { address, expiresMs = NaN } of listed) {
      ok(expiresMs - Date.now() <= 61_000, address);
    }
    await inBatches(next, all, "lift");
    deepStrictEqual(await addresses(next), []);
    strictEqual(await host.dropsFrom(singles[0]?.address ?? ""), 0);
  },
);

testNft(
  "NftEnforcer bans and lifts while a list takes its time, and gives it longer each time that it was too short",
  async (host) => {
    await using dir = await TempDir.create();
    const program = dir.path("slow_nft");
    // Lists of elements hang until there is the file `fast`.
    await Deno.writeTextFile(
      program,
      `#!/bin/sh
case "$*" in
  *terse*) ;;
  *"list table"*|*banned4*) [ -e "${dir.path("fast")}" ] || exec sleep 600 ;;
esac
exec nft "$@"
`,
      { mode: 0o755 },
    );
    const clock = new SystemClock();
    // Long enough for a busy machine to ban and to lift.
    const seconds = Math.ceil(scaled(3_000) / 1_000);
    const enforcer = new NftEnforcer({
      clock,
      program: new NftProcess(clock, host.inside(program)),
      timeoutMs: seconds * 1_000,
    });
    await enforcer.check(NEVER);
    const reasons: string[] = [];
    for (let round = 0; round < 2; round++) {
      let isOver = false;
      let bansBeside = 0;
      const listing = rejects(enforcer.list(NEVER), (error: Error) => {
        reasons.push(error.message);
        return true;
      }).finally(() => isOver = true);
      while (!isOver) {
        const ban = hostBan(`192.0.2.${bansBeside % 200}`);
        deepStrictEqual(await enforcer.apply([ban], NEVER), []);
        deepStrictEqual(await enforcer.lift([ban], NEVER), []);
        if (!isOver) bansBeside++;
      }
      await listing;
      ok(bansBeside > 0, "they wait for the list");
    }
    deepStrictEqual(reasons, [
      `nft has not answered for ${seconds} s`,
      `nft has not answered for ${2 * seconds} s`,
    ]);
    await enforcer.apply([hostBan("192.0.2.1")], NEVER);
    await Deno.writeTextFile(dir.path("fast"), "");
    deepStrictEqual(await addresses(enforcer), ["192.0.2.1"]);
  },
);
