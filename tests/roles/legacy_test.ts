import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { outcomeOf } from "../support/cluster/program_outcome.ts";
import { bytes, RawClient } from "../support/cluster/raw_client.ts";
import { type Sections, TestCluster } from "../support/cluster/test_cluster.ts";
import { freePort } from "../support/host/test_ports.ts";

const NAME = "fail2ban-publisher";
const REPORT = "web-1|sshd|Ban|203.0.113.1";
/** As if the option were not in the file that the tests make. */
const UNSET = "";

/** A cluster whose publisher is set up so. */
async function hubWith(settings: Sections[string]) {
  const cluster = await TestCluster.create();
  const { legacy = UNSET, ...publisher } = settings;
  const config = await cluster.addHost("hub", { publisher });
  const text = await Deno.readTextFile(config);
  const line = legacy === UNSET ? "" : `legacy = ${legacy}`;
  await Deno.writeTextFile(config, text.replace("legacy = on", line));
  return cluster;
}

/** What the publisher's `check` says. */
async function check(cluster: TestCluster) {
  return await outcomeOf(cluster.spawn("publisher", "hub", "check"));
}

async function ask(cluster: TestCluster, request: string) {
  await using client = new RawClient(cluster.replyUrl);
  await client.request(bytes(request));
  return await client.reply();
}

/** Whether somebody listens there. */
async function isBound(url: string): Promise<boolean> {
  const port = Number(url.split(":").at(-1));
  try {
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

async function writeTokens(
  cluster: TestCluster,
  text: string,
  mode = 0o600,
): Promise<string> {
  const path = `${cluster.dir}/tokens`;
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, mode);
  return path;
}

Deno.test("a publisher serves protocol 1 until a node has joined, and binds neither of its sockets from then on", async () => {
  await using cluster = await hubWith({ legacy: UNSET });
  cluster.members.revoke("hub");
  const before = await cluster.start("publisher", "hub");
  strictEqual(await ask(cluster, `${cluster.token}|${REPORT}`), REPORT);
  strictEqual((await cluster.figures("publisher", "hub"))["legacy"], "on");
  cluster.members.add("web-1");
  await before.waitForLine(/protocol 1 is served until the next start only/);
  strictEqual(await ask(cluster, `${cluster.token}|${REPORT}`), REPORT);
  strictEqual((await before.end()).code, 0);

  const after = await cluster.start("publisher", "hub");
  ok(after.stderr.some((line) => line.includes("legacy=off")));
  deepStrictEqual(
    await Promise.all(
      [cluster.replyUrl, cluster.broadcastUrl, cluster.controlUrl].map(isBound),
    ),
    [false, false, true],
  );
  const figures = await cluster.figures("publisher", "hub");
  strictEqual(figures["legacy"], "off");
  strictEqual(figures["protocol1.received"], undefined);
  strictEqual((await after.end()).code, 0);
});

Deno.test("a publisher whose legacy is readonly refuses every report and says why; on, it takes them", async () => {
  for (const legacy of ["readonly", "on"]) {
    await using cluster = await hubWith({ legacy });
    const publisher = await cluster.start("publisher", "hub");
    const answer = await ask(cluster, `${cluster.token}|${REPORT}`);
    strictEqual(answer, legacy === "on" ? REPORT : "NAK");
    strictEqual((await cluster.figures("publisher", "hub"))["legacy"], legacy);
    strictEqual(await isBound(cluster.broadcastUrl), true);
    if (legacy === "readonly") {
      await publisher.waitForLine(
        /refused reason=readonly .*legacy is readonly: web-1 must join/,
      );
    }
    strictEqual((await publisher.end()).code, 0);
  }
});

Deno.test("a dry run binds no socket of protocol 1 where that is off", async () => {
  await using cluster = await hubWith({ legacy: "off" });
  const publisher = cluster.spawn("publisher", "hub", "--dry-run");
  await publisher.waitForLine(/: ready .*dryRun=true/);
  strictEqual(await isBound(cluster.replyUrl), false);
  strictEqual((await publisher.end()).code, 0);
});

Deno.test("a publisher that would serve neither protocol is refused with a hint", async () => {
  await using cluster = await hubWith({ legacy: "off" });
  const child = cluster.spawn("publisher", "hub", "--version");
  await child.ended;
  await Deno.remove(`${cluster.stateDir("hub")}/members/publisher.json`);
  const outcome = await check(cluster);
  strictEqual(outcome.code, 3);
  match(outcome.stderr.join("\n"), /publisher's keys, since protocol 1 is off/);
  match(outcome.stderr.join("\n"), /hint: fail2ban-cluster init/);
});

Deno.test("a publisher says at start and in check where protocol 1 may be heard by the public", async () => {
  const replybindurl = `tcp://*:${freePort()}`;
  await using cluster = await hubWith({ replybindurl, legacy: "on" });
  const told = `publisher.replybindurl = ${replybindurl}: ` +
    "protocol 1 listens on an address that may be public, and tokens and reports travel in the clear there";
  const { code, stderr } = await check(cluster);
  strictEqual(code, 0);
  strictEqual(stderr.length, 1);
  ok(stderr[0]?.startsWith(`${NAME}: warning: ${told}`), stderr[0]);
  const publisher = await cluster.start("publisher", "hub");
  ok(publisher.stderr.some((line) => line.includes(told)));
  strictEqual((await publisher.end()).code, 0);

  await using quiet = await hubWith({ replybindurl, legacy: "off" });
  deepStrictEqual((await check(quiet)).stderr, []);
});

Deno.test("tokens by name carry reports of their hosts, a change counts at once, and no token is logged", async () => {
  const shop = "first-secret-of-the-shop";
  const later = "later-secret-of-the-shop";
  await using cluster = await TestCluster.create();
  const path = await writeTokens(cluster, `shop = ${shop} web-1, web-2\n`);
  await cluster.addHost("hub", { publisher: { authtokens: path } });
  const publisher = await cluster.start("publisher", "hub");
  const other = "web-3|sshd|Ban|203.0.113.1";
  deepStrictEqual(
    [
      await ask(cluster, `${shop}|${REPORT}`),
      await ask(cluster, `${shop}|${other}`),
      await ask(cluster, `${cluster.token}|${other}`),
    ],
    [REPORT, "NAK", other],
  );
  await publisher.waitForLine(/reason=not-your-host .*shop is not for web-3/);

  await writeTokens(cluster, `shop = ${later} web-3\nshop = again\n`);
  await publisher.waitForLine(/tokens stay as they were .*tokens:2: expected/);
  strictEqual(await ask(cluster, `${shop}|${REPORT}`), REPORT);

  await writeTokens(cluster, `shop = ${later} web-3\n`);
  await publisher.waitForLine(/tokens read again tokens=2/);
  strictEqual(await ask(cluster, `${shop}|${REPORT}`), "NAK");
  strictEqual(await ask(cluster, `${later}|${other}`), other);
  // Two tokens, the second where a host's name stands, which is told.
  const stray = `${cluster.token}|${later}|sshd|Ban|127.0.0.1`;
  strictEqual(await ask(cluster, stray), "NAK");
  await publisher.waitForLine(/reason=protected .*from \*\*\*:/);
  strictEqual((await publisher.end()).code, 0);
  const log = [...publisher.stdout, ...publisher.stderr].join("\n");
  for (const token of [shop, later, cluster.token]) ok(!log.includes(token));
});

Deno.test("tokens that others may read are refused with a hint, and those that are missing or none", async () => {
  await using cluster = await TestCluster.create();
  const path = await writeTokens(cluster, "shop = secret-of-the-shop\n", 0o644);
  await cluster.addHost("hub", { publisher: { authtokens: path } });
  const readable = await check(cluster);
  strictEqual(readable.code, 4);
  match(readable.stderr.join("\n"), /tokens: others may read it/);
  match(readable.stderr.join("\n"), /hint: chmod/);
  await Deno.chmod(path, 0o640);
  strictEqual((await check(cluster)).code, 0);
  await Deno.remove(path);
  const missing = await check(cluster);
  strictEqual(missing.code, 3);
  match(missing.stderr.join("\n"), /a file of tokens, which is missing/);
});

Deno.test("an empty file of tokens, and no other token, admits nobody", async () => {
  await using cluster = await TestCluster.create();
  const path = await writeTokens(cluster, "# none yet\n");
  const config = await cluster.addHost("hub", {
    publisher: { authtokens: path },
  });
  const text = await Deno.readTextFile(config);
  await Deno.writeTextFile(config, text.replace(/^authtoken = .*$/gm, ""));
  const { code, stderr } = await check(cluster);
  strictEqual(code, 3);
  match(stderr.join("\n"), /expected a token, since publisher.auth is true/);
});
