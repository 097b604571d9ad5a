import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  IDENTITY_FORM,
  MEMBERSHIP_FORM,
} from "../../lib/members/identity_forms.ts";
import {
  identityPath,
  memberListPath,
  membershipPath,
  SecretFile,
} from "../../lib/members/io/secret_file.ts";
import { MEMBER_LIST_FORM } from "../../lib/members/member_list_form.ts";
import { digestToken } from "../../lib/members/token_digest.ts";
import { OperatorHosts as Hosts } from "../support/cluster/operator_hosts.ts";
import { testWith } from "../support/host/real_parts.ts";

Deno.test("from nothing to three nodes: init, node add, and join on each", async () => {
  await using hosts = await Hosts.create("hub", "web1", "web2", "web3");
  const init = await hosts.run("hub", "init --address 192.0.2.10");
  strictEqual(init.code, 0, init.err);
  const added = await hosts.run("hub", "node add web1 web2 web3");
  strictEqual(added.code, 0, added.err);
  match(added.err, /on each node with its own line: fail2ban-cluster join/);
  const codes = added.out.trimEnd().split("\n");
  strictEqual(codes.length, 3);
  for (const [at, name] of ["web1", "web2", "web3"].entries()) {
    strictEqual(codes[at]?.split(" ")[0], name);
    const joined = name === "web3"
      ? await hosts.run(name, "join -", `${codes[at]}\n`)
      : await hosts.run(name, `join ${codes[at]}`);
    strictEqual(joined.code, 0, joined.err);
    strictEqual(joined.out, "");
    match(joined.err, new RegExp(`this host is ${name} now`));
  }

  const hub = hosts.state("hub");
  const identity = await new SecretFile(identityPath(hub), IDENTITY_FORM)
    .read();
  const list = await new SecretFile(memberListPath(hub), MEMBER_LIST_FORM)
    .read();
  deepStrictEqual(list?.members.map(({ name }) => name), [
    "web1",
    "web2",
    "web3",
  ]);
  for (const member of list?.members ?? []) {
    const path = membershipPath(hosts.state(member.name));
    const kept = await new SecretFile(path, MEMBERSHIP_FORM).read();
    strictEqual(kept?.keys.publicKey, member.publicKey);
    strictEqual(kept?.publisherKey, identity?.keys.publicKey);
    strictEqual(await digestToken(kept?.token ?? ""), member.tokenDigest);
    strictEqual(
      await Deno.readTextFile(
        hosts.config(member.name).replace(".conf", ".local"),
      ),
      `[general]\nhostname = ${member.name}\n\n[monitor]\n` +
        "controlserver = tcp://192.0.2.10:5681\n\n[subscriber]\n" +
        "controlserver = tcp://192.0.2.10:5681\n" +
        "streamserver = tcp://192.0.2.10:5682\n",
    );
  }
  strictEqual(
    await Deno.readTextFile(`${hosts.path("hub")}/fail2ban-cluster.local`),
    "[publisher]\ncontrolbindurl = tcp://*:5681\nstreambindurl = tcp://*:5682\n",
  );
});

Deno.test("what the command keeps is for its user only, and its configuration is that of the file beside it", async () => {
  await using hosts = await Hosts.create("hub");
  await hosts.run("hub", "init --address 192.0.2.10");
  const { out } = await hosts.run("hub", "node add hub");
  await hosts.run("hub", "join -", out);
  const modes = async (path: string) =>
    ((await Deno.stat(path)).mode ?? 0) & 0o777;
  const state = hosts.state("hub");
  strictEqual(await modes(`${state}/members`), 0o700);
  for (
    const path of [
      identityPath(state),
      memberListPath(state),
      membershipPath(state),
      `${hosts.path("hub")}/fail2ban-cluster.local`,
    ]
  ) strictEqual(await modes(path), 0o600, path);
});

testWith(
  "setpriv",
  "what root does with the command, the service's user can read",
  async () => {
    await using hosts = await Hosts.create("hub");
    await Deno.mkdir(hosts.state("hub"));
    await Deno.chown(hosts.state("hub"), 12_345, 12_346);
    await hosts.run("hub", "init");
    const { out } = await hosts.run("hub", "node add hub");
    await hosts.run("hub", "join -", out);
    const state = hosts.state("hub");
    for (
      const path of [
        `${state}/members`,
        identityPath(state),
        memberListPath(state),
        membershipPath(state),
      ]
    ) {
      const { uid, gid } = await Deno.stat(path);
      deepStrictEqual([uid, gid], [12_345, 12_346], path);
    }
  },
);

/** Root that is held to the modes of files, as any user is. */
const HELD_TO_MODES = [
  "setpriv",
  "--bounding-set=-dac_override,-dac_read_search",
];

testWith(
  "setpriv",
  "who may not read the state is told so, and whose it is, on a node and on a hub",
  async () => {
    await using hosts = await Hosts.create("hub", "web1");
    await hosts.run("hub", "init --address 192.0.2.10");
    const { out } = await hosts.run("hub", "node add web1");
    await hosts.run("web1", "join -", out);
    const cases = [
      { name: "hub", owner: 65_534, who: "nobody, or as root" },
      { name: "web1", owner: 0, who: "root" },
    ];
    for (const { name, owner, who } of cases) {
      const state = hosts.state(name);
      await Deno.chown(state, owner, owner);
      await Deno.chmod(state, 0o000);
      for (const verb of ["status", "nodes"]) {
        const { code, err } = await hosts.run(name, verb, "", HELD_TO_MODES);
        strictEqual(code, 4, err);
        match(err, /error: cannot read \S+membership\.json: Permission denied/);
        match(err, new RegExp(`you may not read that: run it as ${who}$`));
      }
    }
    match((await hosts.run("web1", "status")).out, /^node +web1 /);
  },
);

Deno.test("init that can't set the configuration makes no keys, and can be said again", async () => {
  await using hosts = await Hosts.create("hub");
  const local = hosts.config("hub").replace(".conf", ".local");
  await Deno.mkdir(`${local}.new`);
  const failed = await hosts.run("hub", "init --address 192.0.2.10");
  strictEqual(failed.code, 4);
  match(
    failed.err,
    /error: cannot write .*fail2ban-cluster\.local: .*\n.*hint/,
  );
  await Deno.remove(`${local}.new`);
  const done = await hosts.run("hub", "init --address 192.0.2.10");
  strictEqual(done.code, 0, done.err);
  const before = await Deno.readTextFile(local);
  const again = await hosts.run("hub", "init --address 192.0.2.11");
  strictEqual(again.code, 4);
  match(again.err, /error: the publisher has its keys already\n.*hint: /);
  strictEqual(await Deno.readTextFile(local), before);
});

Deno.test("nodes are listed, shown, rotated and revoked, and the journal has who did it", async () => {
  await using hosts = await Hosts.create("hub");
  await hosts.run("hub", "init");
  await hosts.run("hub", "node add web1 --roles monitor --jails sshd,nginx-*");
  const first = await hosts.run("hub", "node add mail --unban --rate 50");
  const listed = await hosts.run("hub", "node list");
  deepStrictEqual(listed.out.trimEnd().split("\n"), [
    "NODE  STATE    SEEN     VERSION  LAG  REPORTS  IN FORCE  REFUSED  FAILED",
    "mail  unknown  -        -          -        -         -        -       -",
    "web1  unknown  -        -          -        -         -        -       -",
  ]);
  match(listed.err, /the publisher does not run here: how the nodes are is/);
  strictEqual((await hosts.run("hub", "nodes")).out, listed.out);
  const lines = (await hosts.run("hub", "node list --json")).out.trimEnd();
  deepStrictEqual(
    lines.split("\n").map((line) => JSON.parse(line).node),
    ["mail", "web1"],
  );
  const shown = await hosts.run("hub", "node show web1 --json");
  const { publicKey } = JSON.parse(shown.out);
  const rotated = await hosts.run("hub", "node rotate mail");
  match(rotated.out, /^F2BC1[\w-]+\n$/);
  ok(rotated.out !== first.out);
  strictEqual((await hosts.run("hub", "node revoke web1")).code, 0);
  strictEqual((await hosts.run("hub", "node show web1")).code, 4);
  const list = await new SecretFile(
    memberListPath(hosts.state("hub")),
    MEMBER_LIST_FORM,
  ).read();
  deepStrictEqual(
    list?.journal.map(({ action, subject }) => `${action} ${subject}`),
    ["node add web1", "node add mail", "node rotate mail", "node revoke web1"],
  );
  ok(list?.journal.every(({ by }) => by !== ""));
  ok(!JSON.stringify(list).includes(publicKey));
});

Deno.test("the allowlist is added to, asked and taken from, in lines that stand below each other", async () => {
  await using hosts = await Hosts.create("hub");
  await hosts.run("hub", "allow add 2001:DB8::/32 --note office");
  await hosts.run("hub", "allow add 192.0.2.7 --for 7d");
  const { out } = await hosts.run("hub", "allow list");
  const time = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g;
  deepStrictEqual(
    out.trimEnd().split("\n").map((line) => line.replaceAll(time, "WHEN")),
    [
      "NETWORK        ADDED                 ENDS                  NOTE",
      "2001:db8::/32  WHEN  never                 office",
      "192.0.2.7      WHEN  WHEN",
    ],
  );
  const asked = async (network: string) =>
    (await hosts.run("hub", `allow check ${network}`)).out;
  strictEqual(
    await asked("2001:db8::9"),
    "nobody may ban 2001:db8::9: 2001:db8::/32 (office) is on the allowlist\n",
  );
  await hosts.run("hub", "allow remove 192.0.2.7");
  strictEqual(
    await asked("192.0.2.7"),
    "192.0.2.7 is not on the allowlist\n",
  );
});

Deno.test("two operators at once lose nothing of each other's", async () => {
  await using hosts = await Hosts.create("hub");
  await hosts.run("hub", "init");
  const names = ["web1", "web2", "web3", "web4"];
  const all = await Promise.all(
    names.map((name) => hosts.run("hub", `node add ${name}`)),
  );
  deepStrictEqual(all.map(({ code }) => code), [0, 0, 0, 0]);
  const { out } = await hosts.run("hub", "node list");
  const listed = out.trimEnd().split("\n").slice(1)
    .map((line) => line.split(" ")[0]);
  deepStrictEqual(listed, names);
});

const REFUSED: readonly (readonly [
  words: string,
  code: number,
  says: RegExp,
])[] = [
  ["node add web1", 4, /error: the publisher has no keys yet\n.*hint: /],
  ["join hello", 4, /error: this is no join code\n.*hint: /],
  ["join F2BC1abcdefghijk", 4, /error: this join code is damaged/],
  ["node", 2, /error: what of: node add/],
  ["node ad web1", 2, /did you mean node add\?\n.*hint: /],
  ["allow add 1.2", 2, /error: "1\.2": expected an address/],
  ["allow remove 192.0.2.1", 4, /error: 192\.0\.2\.1 is not on the allowlist/],
];

for (const [words, code, says] of REFUSED) {
  Deno.test(`"${words}" ends with ${code}, says why, and leaves nothing behind`, async () => {
    await using hosts = await Hosts.create("hub");
    const said = await hosts.run("hub", words);
    strictEqual(said.code, code);
    strictEqual(said.out, "");
    match(said.err, says);
    ok(!said.err.includes(" at "));
    const names = (await Array.fromAsync(Deno.readDir(hosts.path("hub"))))
      .map(({ name }) => name).filter((name) => name !== "state");
    deepStrictEqual(names, ["fail2ban-cluster.conf"]);
    for (const file of [identityPath, memberListPath, membershipPath]) {
      const path = file(hosts.state("hub"));
      await Deno.stat(path).then(
        () => ok(false, path),
        (error) => ok(error instanceof Deno.errors.NotFound),
      );
    }
  });
}

Deno.test("a list that others may read is not used, and the way out is said", async () => {
  await using hosts = await Hosts.create("hub");
  await hosts.run("hub", "init");
  await hosts.run("hub", "node add web1");
  const path = memberListPath(hosts.state("hub"));
  await Deno.chmod(path, 0o644);
  const said = await hosts.run("hub", "node list");
  strictEqual(said.code, 4);
  strictEqual(
    said.err,
    `fail2ban-cluster: error: ${path}: others may read it\n` +
      `fail2ban-cluster: hint: chmod 600 ${path}`,
  );
});

const FOR_THE_HUB: readonly string[] = [
  "allow add 203.0.113.7",
  "allow remove 203.0.113.7",
  "allow list",
  "allow check 203.0.113.7",
  "node add web9",
  "node list",
  "node show web1",
  "node revoke web1",
  "node rotate web1",
  "node withdraw web1",
  "node release web1",
  "audit",
];

Deno.test("on a node what is for the publisher's host is refused, and it is said which that is", async () => {
  await using hosts = await Hosts.create("hub", "web1");
  await hosts.run("hub", "init --address 192.0.2.10");
  const added = await hosts.run("hub", "node add web1");
  await hosts.run("web1", `join ${added.out.trimEnd()}`);
  for (const words of FOR_THE_HUB) {
    const verb = words.split(" ").slice(0, words === "audit" ? 1 : 2).join(" ");
    const said = await hosts.run("web1", words);
    strictEqual(said.code, 4, words);
    strictEqual(
      said.err,
      `fail2ban-cluster: error: this host is web1, a node: ${verb} is for the publisher's host, 192.0.2.10\n` +
        `fail2ban-cluster: hint: run it on 192.0.2.10: fail2ban-cluster ${verb} ...`,
    );
    strictEqual(said.out, "");
  }
  // A publisher's host that is a node as well is asked as ever.
  const own = await hosts.run("hub", "node add hub");
  await hosts.run("hub", `join ${own.out.trimEnd()}`);
  strictEqual((await hosts.run("hub", "node list")).code, 0);
});
