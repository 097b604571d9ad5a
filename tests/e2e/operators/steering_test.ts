import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";

const BAD = "203.0.113.7";

/** What differs from run to run. */
function steady(text: string): string {
  return text.replace(/\d\d:\d\d:\d\dZ/g, "TIME")
    .replace(/\d{4}-\d\d-\d\d/g, "DATE")
    .replace(/after \d+\.\d s/, "after N s")
    .replace(/change [\d,]+/g, "change N");
}

Deno.test("an operator sees who banned an address and who has it in force, lifts it everywhere, and hears who did so", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "web2"],
    pace: PATIENT_PACE,
  });
  const { cluster } = operated;
  await appendLog(cluster.logPath("web1"), banLine("sshd", BAD));
  await operated.until("bans", ({ out }) => out.endsWith("2/2"));
  const { out: bans } = await operated.say("bans");
  deepStrictEqual(
    bans.split("\n").map((line) => line.replace(/\d+ (s|min|d|h) +/g, "T  ")),
    [
      "ADDRESS      JAIL  REPORTED BY  SINCE  ENDS IN  ENFORCED",
      "203.0.113.7  sshd  web1         T  T  2/2",
    ],
  );
  const why = await operated.say("why", BAD);
  strictEqual(why.code, 0);
  match(
    steady(why.out),
    /^203\.0\.113\.7 is banned, for .* more \(until .*TIME\)\.\n {2}reported {3}web1 {2}sshd {2}TIME {2}for .* {2}change N\n {2}enforced {3}2 nodes \(exec 1, fail2ban 1\)\n {2}before {5}never in \d+ d\n {2}end it/,
  );
  const lifted = await operated.say("unban", BAD);
  strictEqual(
    steady(lifted.out),
    "lifted 203.0.113.7 (report of web1); gone on 1 of 1 node after N s",
  );
  strictEqual(
    lifted.err,
    "fail2ban-cluster: hint: web1's own fail2ban still has it in sshd; --local also unbans it there",
  );
  const after = await operated.say("why", BAD);
  match(
    steady(after.out),
    /^203\.0\.113\.7 is not banned\.\n {2}last {7}sshd, DATE TIME for \d+ (s|min); lifted by \S.*\n {2}before {5}once in \d+ d, first DATE; never by an operator\n {2}refused {4}by nothing: a report of it would count\n {2}ban it {5}fail2ban-cluster ban 203\.0\.113\.7$/,
  );
  const again = await operated.say("unban", BAD);
  strictEqual(again.code, 4);
  match(again.err, /error: 203\.0\.113\.7 is not banned\n.*hint: /);
  // The next detection brings it back; it is a line of its own time.
  await appendLog(cluster.logPath("web1"), banLine("sshd", BAD));
  await operated.until("bans", ({ out }) => / web1 .* 2\/2$/.test(out));
  const { out: audit } = await operated.say("audit");
  match(audit, / unban +203\.0\.113\.7 +1 ban$/m);
});

Deno.test("an operator bans at once whatever the quorum, what is protected is refused by its rule, and --force is for private and wide only", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "web2"],
    pace: PATIENT_PACE,
    settings: { web2: { general: { ignoreip: "198.51.100.128/25" } } },
    publisher: { quorum: "*:2" },
  });
  await operated.say("allow", "add", "192.0.2.0/24", "--note", "office");
  const banned = await operated.say(
    ...["ban", "198.51.100.0/24", "--for", "7d", "--reason", "ticket 4711"],
  );
  strictEqual(banned.code, 0, banned.err);
  match(
    steady(banned.out),
    /^banned 198\.51\.100\.0\/24 for 7 d; in force on 1 of 2 nodes after N s\n {2}refused {2}web2 {2}ignoreip has 198\.51\.100\.128\/25$/,
  );
  const { out: bans } = await operated.say("bans", "--json");
  const ban = JSON.parse(bans);
  deepStrictEqual(
    [ban.jail, ban.reports[0].node, ban.pending],
    ["operator", "operator", false],
  );
  match(
    (await operated.say("audit")).out,
    /ban +198\.51\.100\.0\/24 +for 7d: ticket 4711/,
  );
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["127.0.0.1", /must not be banned: loopback \(127\.0\.0\.0\/8\)/],
    [
      "192.0.2.9",
      /must not be banned: allowlist .*\n.*hint: .*allow remove 192\.0\.2\.0\/24/,
    ],
    ["10.1.2.3", /must not be banned: private .*\n.*hint: --force/],
    ["20.0.0.0/8", /must not be banned: wider than .*\n.*hint: --force/],
  ];
  for (const [address, says] of refusals) {
    const said = await operated.say("ban", address);
    strictEqual(said.code, 4);
    match(said.err, says);
  }
  for (const address of ["127.0.0.1", "192.0.2.9", "0.0.0.0/0"]) {
    strictEqual(
      (await operated.say("ban", address, "--force")).code,
      4,
      address,
    );
  }
  const forced = await operated.say("ban", "20.0.0.0/8", "--force", "--json");
  strictEqual(forced.code, 0, forced.err);
  deepStrictEqual(
    JSON.parse(forced.out).failed.map((
      { node, state }: { readonly node: string; readonly state: string },
    ) => `${node} ${state}`).sort(),
    ["web1 refused", "web2 refused"],
  );
  const unclear = await operated.say("unban");
  strictEqual(unclear.code, 2);
  const many = await operated.say("unban", "--all");
  strictEqual(many.code, 4);
  match(many.err, /this would lift 2 bans\n.*hint: --yes/);
  const all = await operated.say("unban", "--all", "--yes");
  match(
    steady(all.out),
    /^lifted 2 bans \(report of operator\); gone on 1 of 1 node after N s$/,
  );
});
