import { deepStrictEqual } from "node:assert/strict";
import { bannedLines, liftedLines } from "../../lib/views/steering_view.ts";
import type { Steered } from "../../lib/wire/operator_steering.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const NONE: Steered = {
  ...{ bans: 1, done: 0, expected: 0, tookMs: 84 },
  ...{ reports: [], silent: [], failed: [], local: [], around: [] },
};

Deno.test("bannedLines() names those that refuse, in the order of their names", () => {
  const refused = (node: string, detail: string) => ({
    ...{ node: host(node), action: "nftables", detail },
    state: "refused" as const,
  });
  const steered = {
    ...NONE,
    expected: 2,
    failed: [
      refused("web2", "too-wide: /24"),
      refused("web1", "private: 10.0.0.0/8"),
    ],
  };
  deepStrictEqual(bannedLines(address("10.0.0.0/16"), 86_400_000, steered), [
    "banned 10.0.0.0/16 for 1 d; in force on 0 of 2 nodes after 0.1 s",
    "  refused  web1  private has 10.0.0.0/8",
    "  refused  web2  wider than /24",
  ]);
});

Deno.test("where no node has anything to do that is said, of a ban and of an unban", () => {
  deepStrictEqual(bannedLines(address("192.0.2.1"), null, NONE), [
    "banned 192.0.2.1 for ever; in force on no node: none enforces bans",
  ]);
  const reports = [{ node: host("web1"), jail: jail("sshd") }];
  deepStrictEqual(liftedLines("192.0.2.1", { ...NONE, reports }), [
    "lifted 192.0.2.1 (report of web1); no node had it in force for the cluster",
  ]);
});
