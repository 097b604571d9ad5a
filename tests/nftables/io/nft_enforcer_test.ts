import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import type { Enforcer, HostBan } from "../../../lib/enforce/enforcer.ts";
import { hostBan, localBans } from "../../support/values/local_bans.ts";
import { testNft } from "../../support/enforce/nft_host.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const NEVER = new AbortController().signal;
const HOUR_MS = 3_600_000;

/** What the host's own firewall is, in a test. */
const OWN_FIREWALL = `table inet filter {
	set banned4 {
		type ipv4_addr
		elements = { 198.51.100.1 }
	}

	chain input {
		type filter hook input priority filter; policy accept;
		ip saddr @banned4 drop
	}
}
`;

/** What is in force: addresses, each with the whole seconds that are left. */
async function inForce(enforcer: Enforcer): Promise<Record<string, number>> {
  const listed = await enforcer.list(NEVER) ?? [];
  for (const { jail } of listed) strictEqual(jail, CLUSTER_JAIL);
  const entries = listed.map(({ address, expiresMs = NaN }) =>
    [address, Math.round((expiresMs - Date.now()) / 1_000)] as const
  );
  return Object.fromEntries(entries.sort());
}

async function applyAll(enforcer: Enforcer, all: readonly HostBan[]) {
  for (let first = 0; first < all.length; first += enforcer.maxBansAtOnce) {
    const some = all.slice(first, first + enforcer.maxBansAtOnce);
    deepStrictEqual(await enforcer.apply(some, NEVER), []);
  }
}

testNft(
  "NftEnforcer.check() makes the table, again and again, and leaves the host's own firewall as it is",
  async (host) => {
    await host.nft(OWN_FIREWALL);
    const enforcer = host.enforcer();
    await enforcer.check(NEVER);
    const made = await host.nft("list", "ruleset");
    ok(made.startsWith(OWN_FIREWALL), made);
    match(made, /^table inet fail2ban_cluster \{$/m);
    await enforcer.check(NEVER);
    await host.enforcer().check(NEVER);
    strictEqual(await host.nft("list", "ruleset"), made);
  },
);

testNft(
  "NftEnforcer.apply() drops what comes from banned addresses and prefixes, of both families, and nothing else",
  async (host) => {
    const enforcer = host.enforcer();
    const banned = [
      "192.0.2.7",
      "198.51.100.0/24",
      "2001:db8::7",
      "2001:db8:1::/48",
    ];
    deepStrictEqual(
      await enforcer.apply(banned.map((text) => hostBan(text)), NEVER),
      [],
    );
    for (
      const source of [
        "192.0.2.7",
        "198.51.100.255",
        "2001:db8::7",
        "2001:db8:1:ffff::7",
      ]
    ) {
      strictEqual(await host.dropsFrom(source), 1, source);
    }
    for (
      const source of [
        "192.0.2.8",
        "198.51.101.0",
        "2001:db8::8",
        "2001:db8:2::",
      ]
    ) {
      strictEqual(await host.dropsFrom(source), 0, source);
    }
  },
);

testNft(
  "NftEnforcer.list() knows addresses of IPv6 that nft prints with IPv4 in them",
  async (host) => {
    const enforcer = host.enforcer();
    const all = ["::102:304", "::a:0", "::102:0/112"];
    await applyAll(enforcer, all.map((text) => hostBan(text)));
    match(await host.nft("list", "ruleset"), /::1\.2\.3\.4/);
    deepStrictEqual(Object.keys(await inForce(enforcer)), all.toSorted());
  },
);

testNft(
  "NftEnforcer.lift() ends bans, also those that aren't in force and those whose prefix length never was",
  async (host) => {
    const enforcer = host.enforcer();
    await enforcer.check(NEVER);
    const all = ["192.0.2.7", "198.51.100.0/24", "2001:db8::/48"].map((text) =>
      hostBan(text, HOUR_MS)
    );
    deepStrictEqual(await enforcer.lift(all, NEVER), []);
    await enforcer.apply([...all, hostBan("192.0.2.8")], NEVER);
    deepStrictEqual(await enforcer.lift(all, NEVER), []);
    deepStrictEqual(await inForce(enforcer), { "192.0.2.8": Infinity });
    strictEqual(await host.dropsFrom("198.51.100.7"), 0);
    deepStrictEqual(await enforcer.lift(all, NEVER), []);
  },
);

testNft(
  "bans end by themselves, each at its own time, whatever surrounds it",
  async (host) => {
    const enforcer = host.enforcer();
    await enforcer.apply([
      hostBan("192.0.2.0/24", 2_000),
      hostBan("192.0.2.7", HOUR_MS),
      hostBan("192.0.2.8", 2_000),
      hostBan("192.0.2.0/25"),
      hostBan("192.0.2.9", 0),
    ], NEVER);
    const begun = await inForce(enforcer);
    deepStrictEqual(Object.keys(begun), [
      "192.0.2.0/24",
      "192.0.2.0/25",
      "192.0.2.7",
      "192.0.2.8",
    ]);
    await waitUntil(
      async () => Object.keys(await inForce(enforcer)).length === 2,
      { what: "the end of two bans" },
    );
    const left = await inForce(enforcer);
    deepStrictEqual(Object.keys(left), ["192.0.2.0/25", "192.0.2.7"]);
    strictEqual(await host.dropsFrom("192.0.2.200"), 0);
    strictEqual(await host.dropsFrom("192.0.2.8"), 1);
  },
);

testNft(
  "a prefix may be banned and lifted around addresses that are, and inside another",
  async (host) => {
    const enforcer = host.enforcer();
    await enforcer.apply([hostBan("192.0.2.7")], NEVER);
    await enforcer.apply([hostBan("192.0.2.0/24")], NEVER);
    await enforcer.apply([hostBan("192.0.2.0/28")], NEVER);
    await enforcer.apply([hostBan("192.0.2.6")], NEVER);
    await enforcer.lift([hostBan("192.0.2.0/24")], NEVER);
    deepStrictEqual(Object.keys(await inForce(enforcer)), [
      "192.0.2.0/28",
      "192.0.2.6",
      "192.0.2.7",
    ]);
  },
);

testNft(
  "NftEnforcer.apply() gives a ban a later end, an earlier one, none, and one again",
  async (host) => {
    const enforcer = host.enforcer();
    for (const seconds of [100, 3_000, 50, Infinity, 40]) {
      const again = ["192.0.2.7", "2001:db8::/64"].map((text) =>
        hostBan(text, seconds * 1_000)
      );
      deepStrictEqual(await enforcer.apply(again, NEVER), []);
      const left = await inForce(enforcer);
      deepStrictEqual(Object.keys(left), ["192.0.2.7", "2001:db8::/64"]);
      for (const each of Object.values(left)) {
        ok(each === seconds || each === seconds - 1, `${each} of ${seconds}`);
      }
    }
  },
);

testNft(
  "NftEnforcer.list() of a host without the table is empty, and makes none",
  async (host) => {
    deepStrictEqual(await host.enforcer().list(NEVER), []);
    strictEqual(await host.nft("list", "tables"), "");
  },
);

testNft(
  "10,000 bans are in force after five calls, and lifted after five more",
  async (host) => {
    const enforcer = host.enforcer();
    const all = localBans(10_000);
    await applyAll(enforcer, all);
    const listed = await enforcer.list(NEVER);
    deepStrictEqual(
      new Set(listed.map(({ address }) => address)),
      new Set(all.map(({ address }) => address)),
    );
    for (let first = 0; first < all.length; first += enforcer.maxBansAtOnce) {
      const some = all.slice(first, first + enforcer.maxBansAtOnce);
      deepStrictEqual(await enforcer.lift(some, NEVER), []);
    }
    deepStrictEqual(await enforcer.list(NEVER), []);
  },
);

testNft(
  "after a restart bans are in force as before, listed with what is left of them, and can be lifted",
  async (host) => {
    const before = host.enforcer();
    await before.check(NEVER);
    const beganMs = Date.now();
    await before.apply([
      hostBan("192.0.2.7"),
      hostBan("192.0.2.0/24", HOUR_MS),
      hostBan("2001:db8::/48", HOUR_MS),
    ], NEVER);
    const after = host.enforcer();
    await after.check(NEVER);
    const left = await inForce(after);
    deepStrictEqual(Object.keys(left), [
      "192.0.2.0/24",
      "192.0.2.7",
      "2001:db8::/48",
    ]);
    const seconds = left["192.0.2.0/24"] ?? NaN;
    // nft and this test tell whole seconds, which makes up to two.
    const passed = (Date.now() - beganMs) / 1_000 + 2;
    ok(
      seconds >= 3_600 - passed && seconds <= 3_600,
      `${seconds} s, ${passed} s later`,
    );
    await after.apply([hostBan("198.51.100.7")], NEVER);
    strictEqual(await host.dropsFrom("192.0.2.9"), 1);
    strictEqual(await host.dropsFrom("2001:db8::9"), 1);
    await after.lift([hostBan("192.0.2.0/24")], NEVER);
    strictEqual(await host.dropsFrom("192.0.2.9"), 0);
  },
);

testNft(
  "a reload of the host's firewall that removes every table is mended by the next ban",
  async (host) => {
    const enforcer = host.enforcer();
    await enforcer.apply([hostBan("192.0.2.0/24")], NEVER);
    await host.nft("flush", "ruleset");
    deepStrictEqual(await enforcer.list(NEVER), []);
    deepStrictEqual(await enforcer.lift([hostBan("192.0.2.0/24")], NEVER), []);
    await host.nft("flush", "ruleset");
    await enforcer.apply([hostBan("192.0.2.7")], NEVER);
    strictEqual(await host.dropsFrom("192.0.2.7"), 1);
  },
);

testNft(
  "NftEnforcer.remove() removes the table, also one that isn't there, and no other",
  async (host) => {
    await host.nft(OWN_FIREWALL);
    const enforcer = host.enforcer();
    await enforcer.apply([hostBan("192.0.2.0/24")], NEVER);
    await enforcer.remove(NEVER);
    strictEqual(await host.nft("list", "ruleset"), OWN_FIREWALL);
    await enforcer.remove(NEVER);
    await enforcer.apply([hostBan("192.0.2.7")], NEVER);
    deepStrictEqual(await inForce(enforcer), { "192.0.2.7": Infinity });
  },
);
