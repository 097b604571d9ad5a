import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { handUnban, hourBan } from "../../support/values/node_events.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { LimitsBench } from "../../support/cluster/limits_bench.ts";

/** What nobody may ban, and by which rule; the last three in words that are no address. */
const PROTECTED: readonly (readonly [target: string, rule: string])[] = [
  ["0.0.0.0/0", "unspecified"],
  ["::/0", "unspecified"],
  ["127.0.0.1", "loopback"],
  ["::1", "loopback"],
  ["169.254.1.1", "link-local"],
  ["224.0.0.1", "multicast"],
  ["10.0.0.1", "private"],
  ["203.0.112.0/23", "too-wide"],
  ["198.51.100.9", "ignoreip"],
  ["192.0.2.10", "member"],
];

/** What is no event at all. */
const MALFORMED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "an address with words behind it": { address: "8.8.8.8 - x" },
  "an option": { address: "--all" },
  "two lines": { address: "203.0.113.1\n203.0.113.2" },
  "the end of a fail2ban command": { address: "<F2B_END_COMMAND>" },
  "a setting of fail2ban as jail": { jail: "logtarget" },
  "another setting": { jail: "dbfile" },
  "an empty jail": { jail: "" },
  "a path": { jail: "../x" },
  "300 characters": { jail: "x".repeat(300) },
  "a duration with code in it": { remainingMs: "1;import os" },
  "another's name": { origin: "hub" },
};

Deno.test("case 20: what a hostile member sends is refused, each by its rule, reaches nobody, and sets it aside until it is released", async () => {
  await using bench = await LimitsBench.create({
    general: { ignoreip: "198.51.100.0/24", members: "192.0.2.10" },
    publisher: { breaker: "25/10m" },
  });
  const { cluster, publisher } = bench;
  await cluster.addHost("host-b");
  const subscriber = await cluster.start("subscriber", "host-b");
  await using bad = await bench.node("bad");

  const refused = await bad.events(
    ...PROTECTED.map(([target], at) => hourBan(at, target)),
  );
  deepStrictEqual(
    refused.split(", "),
    PROTECTED.map(([, rule]) => `refused ${rule}`),
  );
  for (const [what, changes] of Object.entries(MALFORMED)) {
    const good = hourBan(100, "203.0.113.1");
    const body = JSON.stringify({
      session: bad.session,
      batch: 1,
      events: [{ ...good, ...changes }],
    });
    const frames = ["F2B2", "EVENTS", body].map((text) =>
      new TextEncoder().encode(text)
    );
    strictEqual(await bad.sayFrames(frames), "ERROR protocol", what);
  }
  strictEqual(await bench.figure("seq"), 0);

  const more = PROTECTED.map(([target], at) => hourBan(200 + at, target));
  await bad.events(...more);
  strictEqual(
    await bad.events(hourBan(300, "203.0.113.1")),
    "ERROR aside",
  );
  await waitUntil(
    () => publisher.stderr.some((line) => /set aside.*node=bad/.test(line)),
    { what: "the log to name the node" },
  );
  await waitUntil(
    async () =>
      /^bad +set aside .* too many protected addresses: node release bad$/m
        .test(await bench.operate("node", "list")),
    { what: "the list to show it" },
  );
  match(await bench.operate("node", "release", "bad"), /accepted again/);
  strictEqual(await bad.events(hourBan(301, "203.0.113.1")), "accepted");
  await waitUntil(
    async () =>
      /publisher +set aside +bad .*\n.*node release +bad/.test(
        await bench.operate("audit"),
      ),
    { what: "both in the audit" },
  );
  await waitUntil(
    () =>
      subscriber.stdout.concat(subscriber.stderr).some((line) =>
        line.includes("203.0.113.1")
      ),
    { what: "the good one to arrive" },
  );
  const heard = subscriber.stdout.concat(subscriber.stderr).join("\n");
  for (const [target] of PROTECTED.slice(2)) {
    ok(!heard.includes(`|${target}`), target);
  }
});

Deno.test("a member reports of its jails only, takes back its own report only, and lifts others' with the right to", async () => {
  await using bench = await LimitsBench.create({
    publisher: { maxbans: 3 },
  });
  await using web = await bench.node("web", { jails: ["nginx-*", "sshd"] });
  await using mail = await bench.node("mail");
  await using admin = await bench.node("admin", { mayUnban: true });
  strictEqual(
    await web.events(
      hourBan(1, "203.0.113.1", "postfix"),
      hourBan(2, "203.0.113.1", "nginx-http-auth"),
      hourBan(3, "203.0.113.2"),
    ),
    "refused jail-right, accepted, accepted",
  );
  strictEqual(await mail.events(handUnban(4, "203.0.113.2")), "known");
  strictEqual(await bench.figure("bans"), 2);
  strictEqual(await admin.events(handUnban(5, "203.0.113.2")), "accepted");
  strictEqual(await bench.figure("bans"), 1);
  strictEqual(
    await mail.events(
      ...[1, 2, 3, 4].map((at) => hourBan(10 + at, `203.0.113.1${at}`)),
    ),
    "accepted, accepted, accepted, refused node-full",
  );
});

Deno.test("a quorum of two nodes within ten minutes is asked for of one jail, and one is enough in the others", async () => {
  await using bench = await LimitsBench.create({
    publisher: { quorum: "sshd:2/10m" },
  });
  const { cluster } = bench;
  await cluster.addHost("host-b");
  await cluster.start("subscriber", "host-b");
  const taken = async () =>
    (await cluster.figures("subscriber", "host-b"))["taken"];
  await using one = await bench.node("one");
  await using two = await bench.node("two");
  const ban = hourBan(1, "203.0.113.1");
  strictEqual(await one.events(ban), "accepted");
  strictEqual(
    await one.events(hourBan(2, "203.0.113.2", "postfix")),
    "accepted",
  );
  await waitUntil(async () => await taken() === 1, { what: "postfix's ban" });
  strictEqual(await two.events(ban), "accepted");
  await waitUntil(async () => await taken() === 2, { what: "sshd's ban" });
});
