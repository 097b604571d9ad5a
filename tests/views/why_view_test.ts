import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ruleText, whyJson, whyLines } from "../../lib/views/why_view.ts";
import { OPERATOR_ANSWER } from "../../lib/wire/operator_messages.ts";
import { address, host } from "../support/values/core_values.ts";
import {
  BANNED,
  FREE,
  NOW_MS,
  WIDENED,
} from "../support/values/why_answers.ts";

Deno.test("whyLines() tells of a ban who reported it, who has it in force, who refused it by which rule, and the past", () => {
  deepStrictEqual(whyLines(BANNED, NOW_MS), [
    "203.0.113.7 is banned, for 56 min more (until 14:02:11Z).",
    "  reported   web1  sshd  13:02:11Z  for 1 h     change 88,190",
    "             web2  sshd  13:03:40Z  for 30 min  change 88,195",
    "  enforced   10 nodes (fail2banclient 6, nftables 4)",
    "  refused    db1  ignoreip has 203.0.113.0/28",
    "  before     3 times in 30 d, first 2026-11-02; never by an operator",
    "  end it     fail2ban-cluster unban 203.0.113.7      keep it out: fail2ban-cluster allow add 203.0.113.7",
  ]);
});

Deno.test("whyLines() tells of an address that is not banned its last ban, who lifted it, and what would refuse another", () => {
  deepStrictEqual(whyLines(FREE, NOW_MS), [
    "192.0.2.1 is not banned.",
    "  last       sshd, 2026-11-28 09:12:00Z for 40 min; lifted by alice as root",
    "  before     3 times in 30 d, first 2026-11-02; never by an operator",
    "  refused    allowlist has 192.0.2.0/24 (the office): a report of it would not count",
  ]);
  const unknown = {
    ...FREE,
    times: 0,
    firstMs: null,
    last: null,
    refusal: null,
  };
  deepStrictEqual(whyLines(unknown, NOW_MS), [
    "192.0.2.1 is not banned.",
    "  before     never in 30 d",
    "  refused    by nothing: a report of it would count",
    "  ban it     fail2ban-cluster ban 192.0.2.1",
  ]);
});

Deno.test("whyLines() names the network that an address is banned with, and bans that wait", () => {
  const [one] = BANNED.bans;
  ok(one !== undefined);
  const ban = { ...one.ban, address: address("203.0.113.0/24") };
  const around = { ...BANNED, bans: [{ ...one, ban }] };
  const [headline, first] = whyLines(around, NOW_MS);
  strictEqual(
    headline,
    "203.0.113.7 is banned, with 203.0.113.0/24, for 56 min more (until 14:02:11Z).",
  );
  strictEqual(
    first,
    "  reported   web1  sshd  203.0.113.0/24  13:02:11Z  for 1 h     change 88,190",
  );
  const pending = { ...one.ban, isPending: true };
  const waits = { ...BANNED, bans: [{ ...one, ban: pending }] };
  strictEqual(
    whyLines(waits, NOW_MS)[0],
    "203.0.113.7 is reported, but not banned until more nodes report it.",
  );
});

Deno.test("whyLines() tells why a network is banned that nobody reported, and why a ban holds longer than its node says", () => {
  deepStrictEqual(whyLines(WIDENED, NOW_MS), [
    "2001:db8::7 is banned, for 15 h more (until 2026-11-30 05:02:11Z).",
    "  reported   web1     sshd  2001:db8::7    13:02:11Z  for 1 h   change 88,190",
    "             grown    sshd  2001:db8::7    13:02:11Z  for 16 h  change 88,191",
    "             widened  sshd  2001:db8::/64  13:02:12Z  for 1 h   change 88,192",
    "  widened    2001:db8::/64 in sshd: 1,204 of its addresses are banned, 3 are enough:",
    "             2001:db8::7 2001:db8::8 and 1,202 more",
    "  grown      2001:db8::7 in sshd: came again 2 times within 1 d: 16 times as long, 35 d at most",
    "  enforced   4 nodes (fail2banclient 4)",
    "  refused    db1  ignoreip has 203.0.113.0/28",
    "  before     3 times in 30 d, first 2026-11-02; never by an operator",
    "  end it     fail2ban-cluster unban 2001:db8::7      keep it out: fail2ban-cluster allow add 2001:db8::7",
    "             fail2ban-cluster unban 2001:db8::/64",
  ]);
});

Deno.test("ruleText() says what a rule has, and leaves other reasons as they are", () => {
  strictEqual(ruleText("member: 192.0.2.9"), "member has 192.0.2.9");
  strictEqual(ruleText("too-wide: /24"), "wider than /24");
  strictEqual(ruleText("no such jail"), "no such jail");
  strictEqual(ruleText(""), "");
});

Deno.test("an answer goes over the socket as it is, and whyJson() is one line", () => {
  for (const why of [BANNED, FREE, WIDENED]) {
    const answer = { kind: "why" as const, ...why };
    deepStrictEqual(
      OPERATOR_ANSWER.decode(OPERATOR_ANSWER.encode(answer)),
      answer,
    );
    const line = whyJson(why);
    ok(!line.includes("\n"));
    const { banned, before } = JSON.parse(line);
    strictEqual(banned, why.bans.length > 0);
    deepStrictEqual(before.first, "2026-11-02T09:00:00.000Z");
  }
});

Deno.test("whyLines() tells which nodes leave a ban out, and which only observe it", () => {
  const [one] = BANNED.bans;
  ok(one !== undefined);
  const [name, other] = [host("db1"), host("db2")];
  const choosing = {
    ...BANNED,
    bans: [{
      ...one,
      enforcement: [
        ...one.enforcement.slice(0, 2),
        {
          ...{ node: name, action: "", state: "left-out" as const },
          detail: "leaves out jail sshd",
        },
        {
          ...{ node: other, action: "", state: "observed" as const },
          detail: "",
        },
      ],
    }],
  };
  deepStrictEqual(whyLines(choosing, NOW_MS).slice(3, 7), [
    "  enforced   2 nodes (fail2banclient 2)",
    "  left out   db1  leaves out jail sshd",
    "  observed   db2",
    "  before     3 times in 30 d, first 2026-11-02; never by an operator",
  ]);
});

Deno.test("whyLines() tells a span that was measured a little short as what it is", () => {
  const [one] = BANNED.bans;
  ok(one !== undefined);
  const reports = one.ban.reports.slice(0, 1).map((report) => ({
    ...report,
    endsMs: report.lastMs + 7_199_870,
  }));
  const short = { ...BANNED, bans: [{ ...one, ban: { ...one.ban, reports } }] };
  ok(whyLines(short, NOW_MS)[1]?.includes(" for 2 h "));
});

Deno.test("whyLines() says nowhere of a ban that every node refused, and nowhere yet while one is awaited", () => {
  const [one] = BANNED.bans;
  ok(one !== undefined);
  const enforced = (...states: readonly ("refused" | "unknown")[]) => {
    const enforcement = states.map((state, at) => ({
      ...{ node: host(`web${at}`), action: "nftables", detail: "", state },
    }));
    const why = { ...BANNED, bans: [{ ...one, enforcement }] };
    return whyLines(why, NOW_MS).find((line) => line.startsWith("  enforced"));
  };
  strictEqual(enforced("refused"), "  enforced   nowhere");
  strictEqual(enforced("refused", "unknown"), "  enforced   nowhere yet");
});

Deno.test("whyLines() tells once what a node says of an address and of the network around it", () => {
  const [one] = BANNED.bans;
  ok(one !== undefined);
  const left = {
    ...{ node: host("web2"), action: "", detail: "leaves out jail sshd" },
    state: "left-out" as const,
  };
  const bans = [address("203.0.113.7"), address("203.0.113.0/24")].map((
    banned,
  ) => ({ ...one, ban: { ...one.ban, address: banned }, enforcement: [left] }));
  deepStrictEqual(
    whyLines({ ...BANNED, bans }, NOW_MS).filter((line) =>
      line.includes("web2  leaves")
    ),
    ["  left out   web2  leaves out jail sshd"],
  );
});
