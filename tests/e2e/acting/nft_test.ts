import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { NftNode } from "../../support/enforce/nft_node.ts";

testWith(
  ["netns", "nftables"],
  "a ban on host A is in host B's nftables, and is lifted there",
  async () => {
    await using node = await NftNode.start({ bantime: "1h" });
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
  },
);
