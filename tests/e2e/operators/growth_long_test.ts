import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";

const BAD = "203.0.113.7";

Deno.test("a ban that comes again on another node holds longer than that says, why tells how often, and an unban forgives", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "web2", "web3"],
    pace: PATIENT_PACE,
    publisher: { growth: "1d:x99/20m" },
    settings: {
      web1: { monitor: { bantime: "8s" } },
      web2: { monitor: { bantime: "8s" } },
    },
  });
  const { cluster } = operated;
  await appendLog(cluster.logPath("web1"), banLine("sshd", BAD));
  await operated.until(
    `why ${BAD}`,
    ({ out }) => out.includes("is not banned") && out.includes("  last "),
  );
  await appendLog(cluster.logPath("web2"), banLine("sshd", BAD));
  // The node's own word is over, and the ban stands.
  const { out: bans } = await operated.until(
    "bans --json",
    ({ out }) => out.includes('"grown"') && !out.includes('"web2"'),
  );
  const ban = JSON.parse(bans);
  deepStrictEqual(
    ban.reports.map(({ node }: { readonly node: string }) => node),
    ["grown"],
  );
  const why = await operated.say("why", BAD);
  match(why.out, /^203\.0\.113\.7 is banned, for \d+ min more /);
  match(why.out, /\n {2}reported {3}grown {2}sshd {2}.* for 13 min {2}change /);
  match(
    why.out,
    /\n {2}grown {6}203\.0\.113\.7 in sshd: came again once within 1 d: 99 times as long, 20 min at most\n/,
  );
  const { bans: [known] } = JSON.parse(
    (await operated.say("why", BAD, "--json")).out,
  );
  deepStrictEqual(known.grown, {
    times: 1,
    within: 86_400,
    factor: 99,
    longest: 1_200,
  });
  const lifted = await operated.say("unban", BAD);
  strictEqual(lifted.err, "");
  match(lifted.out, /^lifted 203\.0\.113\.7 \(report of grown\); gone on /);
  await appendLog(cluster.logPath("web3"), banLine("sshd", BAD));
  const again = await operated.until("bans", ({ out }) => out.includes("web3"));
  match(again.out, /203\.0\.113\.7 {2}sshd {2}web3 {9}/);
});
