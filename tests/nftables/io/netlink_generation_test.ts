import { deepStrictEqual } from "node:assert/strict";
import { testNft } from "../../support/enforce/nft_host.ts";

const PROBE = new URL(
  "../../support/enforce/generation_probe.ts",
  import.meta.url,
).pathname;

testNft(
  "NftEnforcer.isUnchanged() tells own changes from those of anybody else",
  async (host) => {
    const program = [Deno.execPath(), "run", "-A", "--no-check"] as const;
    const text = await host.run(...program, PROBE);
    deepStrictEqual(JSON.parse(text), {
      "before a list": false,
      "after a list": true,
      "after own bans": true,
      "after own lifts": true,
      "after own bans that nft refuses": true,
      "after an element by hand": false,
      "what was deleted": "unknown",
      "after that was told": false,
      "after own bans since": false,
      "after another list": true,
      "after another's table": false,
      "after a change while it was listed": false,
      "after a third list": true,
    });
  },
);

testNft(
  "NftEnforcer.isUnchanged() is not misled by other tables where the kernel tells of changes, and it knows what was deleted",
  async (host) => {
    const program = [Deno.execPath(), "run", "-A", "--no-check"] as const;
    const text = await host.run(...program, PROBE, "--events");
    deepStrictEqual(JSON.parse(text), {
      "before a list": false,
      "after a list": true,
      "after own bans": true,
      "after own lifts": true,
      "after own bans that nft refuses": true,
      "after an element by hand": false,
      "what was deleted": ["203.0.113.1"],
      "after that was told": true,
      "after own bans since": true,
      "after another list": true,
      "after another's table": true,
      "after a change while it was listed": true,
      "after a third list": true,
    });
  },
);
