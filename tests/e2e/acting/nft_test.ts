import { ok, strictEqual } from "node:assert/strict";
import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { NftNode } from "../../support/enforce/nft_node.ts";
import { scaled } from "../../support/host/deadline.ts";

testWith(
  ["netns", "nftables"],
  "a ban on host A is in host B's nftables, is lifted there, and lapses there",
  async () => {
    await using node = await NftNode.start({
      bantime: `${Math.ceil(scaled(5_000) / 1_000)}s`,
    });
    const started = performance.now();
    await node.tell("Ban", "203.0.113.7");
    await node.tell("Ban", "2001:db8::7");
    await waitUntil(
      async () =>
        (await node.set("banned4")).includes("203.0.113.7") &&
        (await node.set("banned6")).includes("2001:db8::7"),
      { what: "both bans in the sets", intervalMs: 20 },
    );
    report("from the report to the set", {
      after: `${Math.round(performance.now() - started)} ms`,
    });
    await node.tell("Unban", "203.0.113.7");
    await waitUntil(
      async () => !(await node.set("banned4")).includes("203.0.113.7"),
      { what: "the unban", intervalMs: 20 },
    );
    await waitUntil(
      async () => !(await node.set("banned6")).includes("2001:db8::7"),
      { what: "the end of the other", timeoutMs: 8_000, intervalMs: 50 },
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
