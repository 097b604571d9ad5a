import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { NftNode } from "../../support/enforce/nft_node.ts";

const TABLE = "inet fail2ban_cluster";
/** What `nftables.service` does when it is reloaded: another's rules instead of all that there is. */
const RELOAD =
  "flush ruleset\ntable inet filter { chain input { type filter hook input priority 0; policy accept; }; }";

/** What somebody does to the firewall by hand, as scripts for nft. */
const BY_HAND: Readonly<Record<string, string>> = {
  "everything is flushed": "flush ruleset",
  "nftables.service is reloaded": RELOAD,
  "the table is deleted": `delete table ${TABLE}`,
  "the set is flushed": `flush set ${TABLE} banned4`,
  "one ban is taken out": `delete element ${TABLE} banned4 { 203.0.113.7 }`,
  "one IPv6 ban is taken out":
    `delete element ${TABLE} banned6 { 2001:db8:7::7 }`,
  "a ban's end comes near":
    `delete element ${TABLE} banned4 { 203.0.113.7 }\nadd element ${TABLE} banned4 { 203.0.113.7 timeout 2m }`,
  "a ban is added": `add element ${TABLE} banned4 { 203.0.113.200 }`,
  "the rules are flushed": `flush chain ${TABLE} banned`,
  "the jump is flushed": `flush chain ${TABLE} input`,
  "a chain is deleted": `delete chain ${TABLE} input`,
  "a rule before the others accepts": `insert rule ${TABLE} banned accept`,
  "a set is deleted":
    `flush chain ${TABLE} banned\ndelete set ${TABLE} banned4`,
  "the table sleeps": `add table ${TABLE} { flags dormant; }`,
};

testWith(
  ["netns", "nftables"],
  "what is changed in nftables by hand is put back, without a next ban, and status says what is in force",
  async () => {
    await using node = await NftNode.start({ bantime: "1h" });
    const addresses = Array.from({ length: 40 }, (_, at) => `203.0.113.${at}`);
    for (const address of [...addresses, "2001:db8:7::7"]) {
      await node.tell("Ban", address);
    }
    await waitUntil(
      async () => Number(await node.figure("nftables.inForce")) === 41,
      { what: "41 bans", intervalMs: 50 },
    );
    const before = await table(node);
    ok(before.includes("203.0.113.39"));
    for (const [what, script] of Object.entries(BY_HAND)) {
      await node.namespace.run("nft", script);
      const changed = await table(node);
      await waitUntil(async () => await table(node) === before, {
        what: `the repair after ${what}, which left ${changed}`,
        timeoutMs: 5_000,
        intervalMs: 100,
      });
      await waitUntil(
        async () => Number(await node.figure("nftables.inForce")) === 41,
        { what: `status after ${what}`, timeoutMs: 5_000, intervalMs: 100 },
      );
      ok(Number(await node.figure("nftables.inForceAgeSeconds")) <= 10, what);
    }
    strictEqual(await node.figure("nftables.surplus"), 1);
    strictEqual(await node.figure("nftables.comparisonsFailed"), 0);
  },
);

testWith(
  ["netns", "nftables"],
  "nftables isn't listed again and again while nobody else changes it, and inForce is never older than 10 s",
  async () => {
    await using node = await NftNode.start({ bantime: "1h" });
    await node.tell("Ban", "203.0.113.1");
    await waitUntil(
      async () => (await node.set("banned4")).includes("203.0.113.1"),
      { what: "the ban", intervalMs: 50 },
    );
    const ages: number[] = [];
    await waitUntil(async () => {
      ages.push(Number(await node.figure("nftables.inForceAgeSeconds")));
      return ages.length > 30;
    }, { what: "30 looks at status", timeoutMs: 60_000, intervalMs: 150 });
    deepStrictEqual(ages.filter((age) => !(age <= 10)), []);
  },
);

/** All of the table but what changes by itself: elements in order, no handles, counters and times left. */
async function table(node: NftNode): Promise<string> {
  const [inet = "", name = ""] = TABLE.split(" ");
  const words = ["--json", "list", "table", inet, name];
  const text = await node.namespace.run("nft", ...words).catch(() => "{}");
  const items: Record<string, { name?: string; chain?: string }>[] =
    JSON.parse(text).nftables ?? [];
  const steady = items.slice(1).map((item) => {
    const [[kind = "", { name, chain }] = ["", {}]] = Object.entries(item);
    // The order of rules counts, in each chain; that of the rest does not.
    return {
      place: `${kind} ${chain ?? name}`,
      text: JSON.stringify(item, steadyPart),
    };
  });
  steady.sort((a, b) => a.place < b.place ? -1 : Number(a.place > b.place));
  return steady.map(({ text }) => text).join("\n");
}

/** What of a member of the listing does not change by itself. */
function steadyPart(key: string, value: unknown): unknown {
  if (["handle", "expires", "packets", "bytes"].includes(key)) return undefined;
  if (key === "timeout") return Math.round(Number(value) / 1_000);
  return key !== "elem" || !Array.isArray(value)
    ? value
    : value.map((element) => JSON.stringify(element, steadyPart)).sort();
}
