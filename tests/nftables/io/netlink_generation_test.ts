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
      "after own bans since": false,
      "after another list": true,
      "after another's table": false,
      "after a change while it was listed": false,
      "after a third list": true,
    });
  },
);
