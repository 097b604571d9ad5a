import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { QUICK_PACE } from "../../support/cluster/paces.ts";
import { Program } from "../../support/enforce/exec_program.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { publishersBans, waitCopy } from "../../support/store/stored_tables.ts";

/** A publisher that says nothing is gone sooner than usual. */
const FOLLOWING_PACE = { ...QUICK_PACE, everyMs: 500, goneAfterMs: 3_000 };

/** A host of the next address of this machine. */
function moved(url: string): string {
  return url.replace("127.0.0.1", "127.0.0.2");
}

/** Where a hub of a test binds that has moved. */
function movedPublisher({ cluster }: OperatedCluster) {
  return {
    publisher: {
      controlbindurl: moved(cluster.controlUrl),
      streambindurl: moved(cluster.streamUrl),
      replybindurl: moved(cluster.replyUrl),
      broadcasterbindurl: moved(cluster.broadcastUrl),
    },
  };
}

async function ban(
  { cluster }: OperatedCluster,
  addresses: readonly string[],
): Promise<void> {
  const lines = addresses.map((address) => banLine("sshd", address));
  await appendLog(cluster.logPath("web1"), lines.join(""));
}

async function lifts(program: Program): Promise<readonly string[]> {
  return (await program.lines("calls")).filter((call) =>
    call.startsWith("unban ")
  );
}

/** Its disk is lost with the old hub: another host has the backup, and what was reported meanwhile waits. */
async function moveHub(operated: OperatedCluster): Promise<void> {
  const { cluster } = operated;
  const backup = `${cluster.dir}/backup`;
  strictEqual((await operated.say("backup", backup)).code, 0);
  await operated.stop("publisher", "hub");
  await ban(operated, ["203.0.113.2"]);
  await cluster.addHost("hub2", movedPublisher(operated));
  strictEqual((await operated.sayOn("hub2", "restore", backup)).code, 0);
  await cluster.startAsRestored("hub2");
}

Deno.test("node readdress: nodes follow a hub to another address by themselves, nothing is lost or lifted, and those that were away are told when they are back", async () => {
  await using program = await Program.write([`echo "$1 $2" >> "$dir/calls"`]);
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "web2", "web3", "web4"],
    pace: FOLLOWING_PACE,
    settings: { web2: { subscriber: { execprogram: program.path } } },
    localhost: ["web3"],
  });
  const { cluster } = operated;
  await ban(operated, ["203.0.113.1"]);
  await waitCopy(cluster, "web2", ["203.0.113.1"]);
  await operated.stop("subscriber", "web4");
  await operated.stop("monitor", "web4");

  const one = await operated.say(
    ...["node", "readdress", "127.0.0.9", "--node", "web1"],
  );
  strictEqual(
    one.out,
    "1 of 1 nodes know that the publisher will be at 127.0.0.9",
  );
  const told = await operated.say("node", "readdress", "127.0.0.2");
  strictEqual(told.code, 0, told.err);
  const lines = told.out.split("\n").map((line) => line.replace(/ +/g, " "));
  const [first, hub, third, thirdToo, fourth, ...more] = lines;
  strictEqual(
    first,
    "2 of 5 nodes know that the publisher will be at 127.0.0.2",
  );
  const control = moved(cluster.controlUrl);
  const configured = cluster.controlUrl.replace("127.0.0.1", "localhost");
  strictEqual(
    third,
    ` web3 monitor its configuration says ${configured}; set there, in [monitor]: controlserver = ${control}`,
  );
  match(thirdToo ?? "", /^ web3 subscriber .* and streamserver = tcp:/);
  const away = "is not connected: will be told when it connects";
  // The hub's own host is a member, of which no program runs.
  deepStrictEqual([hub, fourth], [` hub ${away}`, ` web4 ${away}`]);
  deepStrictEqual(more, []);
  match((await operated.say("node", "readdress", "a b")).err, /an address or/);
  match(
    (await operated.say("node", "readdress", "127.0.0.2", "--node", "db1")).err,
    /there is no member db1/,
  );
  match((await operated.say("audit")).out, /node readdress +all +tcp:/);
  await cluster.start("subscriber", "web4");
  await operated.until("nodes", ({ out }) => /web4 +(ok|away)/.test(out));
  await operated.membershipSays("web4", control);

  await moveHub(operated);

  // What was reported while no hub was there, too.
  const all = ["203.0.113.1", "203.0.113.2"];
  await waitCopy(cluster, "web2", all);
  await waitCopy(cluster, "web4", all);
  deepStrictEqual(publishersBans(cluster, "hub2"), all);
  deepStrictEqual(await lifts(program), []);
  const nodes = await operated.untilOn(
    "hub2",
    "nodes",
    ({ out }) => /web1 +ok/.test(out) && /web2 +ok/.test(out),
  );
  // The backup may know when it was seen last; how far it reads only it can say.
  match(nodes.out, /^web3 +\w+ +(?:-|\d+ \w+) +\S+ +- /m);
  // The keys are the same, and so is what was said: a new join code has the new address.
  match(
    (await operated.sayOn("hub2", "node", "add", "web9")).err,
    /it names 127\.0\.0\.2 as the publisher's address/,
  );
  match(
    (await operated.sayOn("web1", "status")).out,
    /its hub is 127\.0\.0\.2 or /,
  );
  // What is configured still names the place where nobody is any more.
  match(
    (await operated.sayOn("web2", "doctor")).out,
    /^ok +reach hub +127\.0\.0\.2:\d+ in .* ms, \d+ in /m,
  );
});

testWith(
  "mountns",
  "nodes that know the hub by a name follow it to another address when the name does",
  async () => {
    await using program = await Program.write([`echo "$1 $2" >> "$dir/calls"`]);
    await using operated = await OperatedCluster.start({
      hosts: ["web1", "web2"],
      pace: FOLLOWING_PACE,
      settings: { web2: { subscriber: { execprogram: program.path } } },
      hubName: "hub.f2bc.test",
    });
    const { cluster } = operated;
    await ban(operated, ["203.0.113.1"]);
    await waitCopy(cluster, "web2", ["203.0.113.1"]);
    await operated.nameHub("127.0.0.2");
    await moveHub(operated);
    await waitCopy(cluster, "web2", ["203.0.113.1", "203.0.113.2"]);
    // Heard over the stream as well, not only asked for.
    await ban(operated, ["203.0.113.3"]);
    await operated.untilOn(
      "hub2",
      "bans",
      ({ out }) => /203\.0\.113\.3 .* 2\/2$/m.test(out),
    );
    const { following, publisherAnswers } = await cluster.figures(
      "subscriber",
      "web2",
    );
    deepStrictEqual([following, publisherAnswers], [true, true]);
    deepStrictEqual(await lifts(program), []);
  },
);
