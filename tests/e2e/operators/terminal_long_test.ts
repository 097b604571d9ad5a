import { deepStrictEqual, ok } from "node:assert/strict";
import deno from "../../../deno.json" with { type: "json" };
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";

const COLUMNS = 100;
const NODES = ["web1", "web2", "db-server-3"];
const BAD = "2001:db8:7::1234:5678:9abc";

/** What is typed, and what the terminal shows. */
const SAID: readonly (readonly [words: string, lines: readonly string[]])[] = [
  ["node revoke hub", [
    "fail2ban-cluster: hub is no longer a member; a running publisher cuts its connections",
    "fail2ban-cluster: its reports are kept: fail2ban-cluster node withdraw hub withdraws them",
  ]],
  ["status", [
    "hub  publisher VERSION  up SPAN  1 ban  change 3  store ok  no backup",
    "nodes  3 ok  fail2ban-cluster nodes",
    "enforced  3 of 3 on 3 nodes",
    "last SPAN  1 new  0 ended  0 refused",
  ]],
  ["nodes", [
    "NODE  STATE  SEEN  VERSION  LAG  REPORTS  IN FORCE  REFUSED  FAILED",
    "db-server-3  ok  SPAN  VERSION  0  1  1  0  0",
    "web1  ok  SPAN  VERSION  0  1  1  0  0",
    "web2  ok  SPAN  VERSION  0  1  1  0  0",
  ]],
  ["node show web2", [
    "node  web2",
    "roles  monitor, subscriber",
    "jails  *",
    "may unban for others  no",
    "rate  1000000 events in a second",
    "added  DATE TIME",
    "public key  KEY",
    `monitor  is there, seen SPAN ago, version ${deno.version}`,
    "  last line read  SPAN ago",
    "  reports without an answer  0",
    `subscriber  is there, seen SPAN ago, version ${deno.version}, 0 changes behind`,
    "  follows  yes",
    "  exec  1 of 1 in force, 0 failing, 0 refused",
    "reports that stand  1",
    "since the publisher's start",
    "  accepted  1",
    "  known before  0",
    "  refused  0",
    "its reports  are taken",
  ]],
  ["bans", [
    "ADDRESS  JAIL  REPORTED BY  SINCE  ENDS IN  ENFORCED",
    `${BAD}  sshd  web1 web2 db-server-3  SPAN  SPAN  3/3`,
  ]],
  [`why ${BAD}`, [
    `${BAD} is banned, for SPAN more (until TIME).`,
    "  reported  web1  sshd  TIME  for SPAN  change 1",
    "  web2  sshd  TIME  for SPAN  change 2",
    "  db-server-3  sshd  TIME  for SPAN  change 3",
    "  enforced  3 nodes (exec 3)",
    "  before  never in SPAN",
    `  end it  fail2ban-cluster unban ${BAD}  keep it out: fail2ban-cluster allow add ${BAD}`,
  ]],
  ["ban 203.0.113.7", [
    "banned 203.0.113.7 for SPAN; in force on 3 of 3 nodes after SPAN",
  ]],
  ["unban 203.0.113.7", [
    "lifted 203.0.113.7 (report of operator); gone on 3 of 3 nodes after SPAN",
  ]],
  ["allow add 198.51.100.0/24", [
    "fail2ban-cluster: 198.51.100.0/24 is on the allowlist; a running publisher lifts bans it covers",
  ]],
  ["allow list", [
    "NETWORK  ADDED  ENDS  NOTE",
    "198.51.100.0/24  DATE TIME  never",
  ]],
  ["why 198.51.100.9", [
    "198.51.100.9 is not banned.",
    "  before  never in SPAN",
    "  refused  allowlist has 198.51.100.0/24: a report of it would not count",
  ]],
  ["audit", [
    "WHEN  WHO  WHAT  TO  WITH",
    "DATE TIME  WHO  node revoke  hub",
    "DATE TIME  WHO  ban  203.0.113.7  for 1d",
    "DATE TIME  WHO  unban  203.0.113.7  1 ban",
    "DATE TIME  WHO  allow add  198.51.100.0/24",
  ]],
  ["imports", ["no imports"]],
  ["node withdraw web2", [
    "fail2ban-cluster: withdrew 1 report of web2; reports of other nodes are kept",
  ]],
  ["node release web1", ["fail2ban-cluster: web1 was not set aside"]],
  ["export --format plain", [BAD]],
];

/** What a running publisher says only once it has read a changed file. */
const LATER: ReadonlyMap<string, (out: string) => boolean> = new Map([
  ["status", (out) => !out.includes("never there")],
  ["why 198.51.100.9", (out) => out.includes("allowlist has")],
]);

/** What differs from run to run, and how wide columns are for it. */
function steady(line: string): string {
  return line.replaceAll(/\d{4}-\d\d-\d\d/g, "DATE")
    .replaceAll(/\d\d:\d\d:\d\dZ?/g, "TIME")
    .replaceAll(/\b\d+(?:\.\d)? (?:s|min|h|d)\b/g, "SPAN")
    .replaceAll(/(?<![\d.])\d+\.\d+\.\d+(?= {2})/g, "VERSION")
    .replace(/^(public key +)\S{40}$/, "$1KEY")
    .replaceAll(/ {2,}/g, "  ")
    .replace(/^(DATE TIME) {2}\S+ {2}(?=[a-z])/, "$1  WHO  ").trimEnd();
}

Deno.test("what the operator's commands say of three nodes fits a terminal of 100 columns", async () => {
  await using operated = await OperatedCluster.start({
    hosts: NODES,
    pace: PATIENT_PACE,
  });
  const { cluster } = operated;
  for (const [at, node] of NODES.entries()) {
    await appendLog(cluster.logPath(node), banLine("sshd", BAD));
    const reported = NODES.slice(0, at + 1).join(" ");
    await operated.until(
      "bans",
      ({ out }) => out.includes(` ${reported} `) && out.endsWith(" 3/3"),
    );
  }
  for (const [words, expected] of SAID) {
    const isRead = LATER.get(words);
    if (isRead !== undefined) {
      await operated.until(words, ({ out }) => isRead(out));
    }
    const shown = await operated.type(COLUMNS, ...words.split(" "));
    const lines = shown.filter((line) => !line.startsWith("Warning "));
    for (const line of lines) {
      // What is there to be typed is never cut.
      const isCommand = line.includes(`unban ${BAD}`);
      ok(isCommand || line.length <= COLUMNS, `${words}: ${line}`);
    }
    deepStrictEqual(lines.map(steady), expected, words);
  }
});
