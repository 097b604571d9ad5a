import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { NftNode } from "../../support/enforce/nft_node.ts";
import { scaled } from "../../support/host/deadline.ts";

const TABLE = "fail2ban_cluster";

testWith(
  ["netns", "nftables"],
  "a restart keeps nftables' bans and applies none again; a table that is wiped is repaired",
  async () => {
    await using node = await NftNode.start({ bantime: "1h", resync: "5s" });
    const addresses = Array.from({ length: 50 }, (_, at) => `203.0.113.${at}`);
    for (const address of addresses) await node.tell("Ban", address);
    await waitUntil(
      async () => Number(await node.figure("nftables.inForce")) === 50,
      { what: "50 bans", intervalMs: 50 },
    );
    deepStrictEqual(await node.subscriber?.end(), { code: 0, signal: null });
    ok((await node.set("banned4")).includes("203.0.113.49"));
    await node.startSubscriber();
    await waitUntil(
      async () => Number(await node.figure("nftables.inForce")) === 50,
      { what: "the same 50 bans", intervalMs: 50 },
    );
    strictEqual(await node.figure("nftables.applied"), 0);

    await node.namespace.run("nft", "delete", "table", "inet", TABLE);
    await waitUntil(
      async () => Number(await node.figure("nftables.missing")) === 50,
      { what: "the comparison", timeoutMs: 15_000, intervalMs: 100 },
    );
    await waitUntil(
      async () => (await node.set("banned4")).includes("203.0.113.49"),
      { what: "the repair", timeoutMs: 15_000, intervalMs: 100 },
    );
  },
);

testWith(
  ["netns", "nftables"],
  "a ban lapses in nftables by itself",
  async () => {
    // Long enough to be seen.
    const bantimeMs = scaled(8_000);
    await using node = await NftNode.start({
      bantime: `${Math.ceil(bantimeMs / 1_000)}s`,
    });
    await node.tell("Ban", "2001:db8::7");
    await waitUntil(
      async () => (await node.set("banned6")).includes("2001:db8::7"),
      { what: "the ban in the set", intervalMs: 20 },
    );
    await waitUntil(
      async () => !(await node.set("banned6")).includes("2001:db8::7"),
      { what: "its end", timeoutMs: bantimeMs + 8_000, intervalMs: 50 },
    );
  },
);

testWith(
  ["netns", "nftables"],
  "the subscriber takes its table away when it is told to, and not while it runs",
  async () => {
    await using node = await NftNode.start({ bantime: "1h" });
    await node.tell("Ban", "203.0.113.7");
    await waitUntil(
      async () => Number(await node.figure("nftables.inForce")) === 1,
      { what: "the ban", intervalMs: 50 },
    );
    const refused = await node.lift();
    strictEqual(refused.code, 4, refused.stderr);
    ok((await node.set("banned4")).includes("203.0.113.7"));
    await node.subscriber?.end();
    const lifted = await node.lift();
    strictEqual(lifted.code, 0, lifted.stderr);
    strictEqual((await node.namespace.run("nft", "list", "tables")).trim(), "");
    await node.startSubscriber();
    strictEqual(
      await node.figure("nftables.inForce"),
      0,
      "it wants none again",
    );
  },
);
