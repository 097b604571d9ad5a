import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import {
  roleCommand,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { operate } from "../../support/cluster/operator.ts";
import { publishersBans, waitCopy } from "../../support/store/stored_tables.ts";
import { netset } from "../../support/values/published_lists.ts";

const DROP = `; Spamhaus DROP List
198.51.100.0/24 ; SBL1
198.18.0.0/16 ; SBL2
100.64.0.0/10 ; SBL3
foo
203.0.113.7 ; SBL4
`;

/** As `import -`. */
async function pipe(
  { cluster }: OperatedCluster,
  text: string,
  ...words: readonly string[]
): Promise<string> {
  const { command, args } = roleCommand("cluster");
  const config = `${cluster.dir}/hub/fail2ban-cluster.conf`;
  const child = new Deno.Command(command, {
    args: [...args, "import", "-", ...words, "--config", config],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { stdout, stderr } = await child.output();
  // Nothing is drawn where there is no terminal.
  ok(!new TextDecoder().decode(stderr).includes("reading"));
  return new TextDecoder().decode(stdout);
}

/** As on a terminal. @returns All that it shows. */
async function type(
  { cluster }: OperatedCluster,
  ...words: readonly string[]
): Promise<string> {
  const { command, args } = roleCommand("cluster");
  const config = `${cluster.dir}/hub/fail2ban-cluster.conf`;
  const typed = [command, ...args, ...words, "--config", config].join(" ");
  const { stdout } = await new Deno.Command("script", {
    args: ["-qec", typed, "/dev/null"],
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("a list is imported, shown, lifted from, replaced, kept over a restart and removed", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1"],
    settings: { web1: { general: { minprefix4: "16" } } },
  });
  const { cluster } = operated;
  const path = `${cluster.dir}/drop.txt`;
  await Deno.writeTextFile(path, DROP);
  const words = ["import", path, "--name", "drop", "--for", "36h"];
  const said = await operated.say(...words, "--widest", "16");
  deepStrictEqual([said.out, said.err, said.code], [
    'drop: 5 entries; 3 new, 2 refused\n  line 4: 100.64.0.0/10 is private      line 5: "foo" is no address',
    "",
    0,
  ]);
  await waitCopy(cluster, "web1", [
    "198.18.0.0/16",
    "198.51.100.0/24",
    "203.0.113.7",
  ]);
  const { out: bans } = await operated.until(
    "bans --jail list --sort address",
    ({ out }) => out.split("1/1").length === 4,
  );
  match(bans, /198\.51\.100\.0\/24 +list +import:drop +\d+ s +35 h +1\/1/);
  const { out: why } = await operated.say("why", "203.0.113.7");
  match(why, /^203\.0\.113\.7 is banned, for 35 h more/);
  match(why, /reported +import:drop +list +\S+ +for 36 h +change \d+/);

  const again = await pipe(
    operated,
    DROP,
    ...["--name", "drop", "--for", "36h", "--widest", "16"],
  );
  match(again, /^drop: 5 entries; 3 stand, 2 refused\n/);

  const lifted = await operated.say("unban", "203.0.113.7");
  match(lifted.out, /^lifted 203\.0\.113\.7 \(report of import:drop\)/);
  strictEqual(lifted.err, "");
  const { out: once } = await operated.say(
    ...words,
    "--widest",
    "16",
    "--json",
  );
  deepStrictEqual(
    (({ added, gone, standing, lifted }) => ({
      added,
      gone,
      standing,
      lifted,
    }))(
      JSON.parse(once),
    ),
    { added: 0, gone: 0, standing: 2, lifted: 1 },
  );

  await operated.stop("publisher", "hub");
  await operated.restart("publisher", "hub");
  await Deno.writeTextFile(path, "198.51.100.0/24\n192.0.2.9\n");
  match(
    (await operated.say(...words)).out,
    /^drop: 2 entries; 1 new, 1 gone, 1 stands$/,
  );
  await waitCopy(cluster, "web1", ["192.0.2.9", "198.51.100.0/24"]);
  match(
    (await operated.say("imports")).out,
    /^NAME +ENTRIES +STAND +IMPORTED +ENDS IN\ndrop +2 +2 +\d+ s +35 h$/,
  );
  const shown = await type(operated, ...words);
  match(shown, /reading {2}\[-{20}\] 0 of 2/);
  match(shown, /drop: 2 entries; 2 stand\r?\n/);
  const whole = await Deno.makeTempFile({ dir: cluster.dir });
  await Deno.writeTextFile(whole, "198.51.100.1\n0.0.0.0/8\n");
  const refused = await operated.say(
    ...["import", whole, "--name", "other", "--for", "1h"],
  );
  strictEqual(refused.code, 4);
  match(refused.err, /other is refused as a whole, nothing was changed/);
  match(
    (await operated.say("import", "--remove", "drop")).out,
    /^drop: 2 gone$/,
  );
  await waitCopy(cluster, "web1", []);
  strictEqual((await operated.say("imports")).out, "no imports");
  match(
    (await operated.say("audit")).out,
    /import +drop +3 entries for 36h, 2 refused[^]*import remove +drop/,
  );
});

/** What the hub's store has of an import, while it is written. */
function stored(cluster: TestCluster) {
  try {
    using database = new DatabaseSync(banStorePath(cluster.stateDir("hub")), {
      readOnly: true,
      timeout: 250,
    });
    const ask = (sql: string) => Number(database.prepare(sql).get()?.["n"]);
    return {
      staged: ask("SELECT count(*) AS n FROM listed"),
      taken: ask("SELECT count(*) AS n FROM imports"),
      open: ask("SELECT count(*) AS n FROM imports WHERE state = 'taken'"),
      bans: ask(`SELECT count(*) AS n FROM log JOIN jails ON jails.id = jail
        WHERE name = 'list'`),
    };
  } catch (error) {
    if (error instanceof Error && /locked/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}

Deno.test("an import that is cut off by kill -9 is nothing before its list is taken, and all of it from then on", async () => {
  const entries = 6_000;
  await using operated = await OperatedCluster.start({ hosts: [] });
  const { cluster } = operated;
  const path = `${cluster.dir}/many.netset`;
  await Deno.writeTextFile(path, netset(entries));
  const words = ["import", path, "--name", "many", "--for", "1d"];
  const killedWhen = async (
    what: string,
    isSo: (now: NonNullable<ReturnType<typeof stored>>) => boolean,
  ) => {
    const importing = operated.say(...words);
    await waitUntil(() => {
      const now = stored(cluster);
      return now !== undefined && isSo(now);
    }, { what, timeoutMs: 60_000, intervalMs: 1 });
    await operated.stop("publisher", "hub", "SIGKILL");
    const { code } = await importing;
    strictEqual(code, 4);
    return stored(cluster);
  };

  const before = await killedWhen(
    "a part of the list is staged",
    ({ staged }) => staged > 0,
  );
  ok(before !== undefined && before.staged < entries, "It was too late");
  deepStrictEqual([before.taken, before.bans], [0, 0]);
  await operated.restart("publisher", "hub");
  await waitUntil(() => stored(cluster)?.staged === 0, {
    what: "what was staged to be swept away",
    timeoutMs: 30_000,
  });
  strictEqual((await operated.say("bans", "--jail", "list")).out, "no bans");

  const after = await killedWhen(
    "some of the bans are stored",
    ({ open, bans }) => open === 1 && bans > 0,
  );
  ok(after !== undefined && after.bans < entries, "It was too late");
  await operated.restart("publisher", "hub");
  await waitUntil(() => stored(cluster)?.open === 0, {
    what: "the rest of the bans",
    timeoutMs: 60_000,
  });
  strictEqual(publishersBans(cluster).length, entries);
  match(
    (await operated.say(...words)).out,
    /^many: 6,000 entries; 6,000 stand$/,
  );
});

testWith(
  ["netns", "nftables"],
  "what a list names is in nftables, and no more once it is removed",
  async () => {
    await using namespace = await NetworkNamespace.create();
    await using cluster = await TestCluster.create({ protocol: 2 });
    const { within } = namespace;
    await cluster.addHost("hub", {}, { within });
    await cluster.addHost("web1", {
      general: { minprefix4: "16" },
      subscriber: { subscriberaction: "nftables" },
    }, { within });
    await cluster.start("publisher", "hub");
    await cluster.start("subscriber", "web1");
    const path = `${cluster.dir}/list.netset`;
    await Deno.writeTextFile(
      path,
      `${netset(2_000)}203.0.113.0/24\n198.51.0.0/16\n`,
    );
    const inForce = async (count: number) =>
      await waitUntil(
        async () => {
          const figures = await cluster.figures("subscriber", "web1");
          return Number(figures["nftables.inForce"]) === count;
        },
        { what: `${count} in force`, timeoutMs: 60_000, intervalMs: 50 },
      );
    const listed = async () => {
      const [command = "", ...args] = within;
      const { stdout } = await new Deno.Command(command, {
        args: [...args, "nft", "list", "ruleset"],
      }).output();
      return new TextDecoder().decode(stdout);
    };
    await operate(cluster, `import ${path} --name big --for 1h --widest 16`);
    await inForce(2_002);
    const ruleset = await listed();
    // A network is there by its first address, in a set of its width.
    for (const each of ["198.18.7.207", "203.0.113.0 ", "198.51.0.0 "]) {
      ok(ruleset.includes(each), each);
    }
    await operate(cluster, "import --remove big");
    await inForce(0);
    ok(!/198\.18\./.test(await listed()));
  },
);
