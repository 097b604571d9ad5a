import {
  deepStrictEqual,
  match,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { AllowCommands } from "../../lib/cli/allow_commands.ts";
import { RuntimeError, UsageError } from "../../lib/base/errors.ts";
import type { IniSetting } from "../../lib/config/ini_edit.ts";
import { joinCluster } from "../../lib/cli/join_command.ts";
import { decodeJoinCode, encodeJoinCode } from "../../lib/members/join_code.ts";
import type {
  MemberList,
  Membership,
  PublisherIdentity,
} from "../../lib/members/member.ts";
import { NodeCommands } from "../../lib/cli/node_commands.ts";
import { memberDetails, memberJson } from "../../lib/views/member_view.ts";
import { nodeJson, nodeTable } from "../../lib/views/node_table.ts";
import { MEMBER_LIST_FORM } from "../../lib/members/member_list_form.ts";
import { digestToken } from "../../lib/members/token_digest.ts";
import { MemoryValue } from "../support/memory/memory_value.ts";
import { host } from "../support/values/core_values.ts";
import { typed } from "../support/values/typed_command.ts";
import { keysOf, membership } from "../support/cluster/memberships.ts";

const EDITOR = { by: "root", atMs: 1_000 };

const prepared = () => Promise.resolve();

class Bench {
  readonly identity = new MemoryValue<PublisherIdentity>();
  readonly list = new MemoryValue<MemberList>();
  readonly desk: NodeCommands;
  #made = 0;

  constructor() {
    this.desk = new NodeCommands({
      identity: this.identity,
      list: this.list,
      editor: EDITOR,
      ports: [5681, 5682],
      secrets: {
        newKeys: () => {
          const made = ++this.#made;
          return Promise.resolve(keysOf(made, made + 100));
        },
        newToken: () =>
          new Uint8Array(32).fill(++this.#made).toBase64({
            alphabet: "base64url",
            omitPadding: true,
          }),
      },
    });
  }

  async init(): Promise<this> {
    await this.desk.init(typed("init --address 192.0.2.10"), prepared);
    return this;
  }
}

Deno.test("the publisher's keys are made once, for the address that is named", async () => {
  const bench = new Bench();
  await bench.desk.init(typed("init --address 2001:db8::1"), prepared);
  strictEqual(bench.identity.value?.controlUrl, "tcp://[2001:db8::1]:5681");
  strictEqual(bench.identity.value?.streamUrl, "tcp://[2001:db8::1]:5682");
  const before = bench.identity.value;
  await rejects(
    bench.desk.init(typed("init"), prepared),
    /already has keys/,
  );
  strictEqual(bench.identity.value, before);
  const alone = new Bench();
  await alone.desk.init(typed("init"), prepared);
  strictEqual(alone.identity.value?.controlUrl, "tcp://127.0.0.1:5681");
});

Deno.test("no keys are made when the configuration can't be set, nor is it set when there are keys", async () => {
  const { desk, identity } = new Bench();
  const command = typed("init --address 192.0.2.10");
  const asked: string[] = [];
  await rejects(
    desk.init(command, (url) => {
      asked.push(url);
      return Promise.reject(new RuntimeError("the disk is full"));
    }),
    /the disk is full/,
  );
  strictEqual(identity.value, undefined);
  await desk.init(command, prepared);
  await rejects(
    desk.init(command, (url) => {
      asked.push(url);
      return Promise.resolve();
    }),
    /already has keys/,
  );
  deepStrictEqual(asked, ["tcp://192.0.2.10:5681"]);
});

Deno.test("a member's code holds what the list knows it by, and the list holds no secret", async () => {
  const { desk, list, identity } = await new Bench().init();
  const { lines } = await desk.add(
    typed(
      "node add web1 web2 --jails sshd,nginx-* --roles monitor --rate 50 --unban",
    ),
  );
  strictEqual(lines.length, 2);
  deepStrictEqual(lines.map((line) => line.split(" ").length), [2, 2]);
  deepStrictEqual(lines.map((line) => line.split(" ")[0]), ["web1", "web2"]);
  const code = lines[0]?.split(" ")[1] ?? "";
  const read = decodeJoinCode(code);
  ok(read.ok);
  const [web1] = list.value?.members ?? [];
  strictEqual(read.value.node, "web1");
  strictEqual(read.value.publisherKey, identity.value?.keys.publicKey);
  strictEqual(read.value.keys.publicKey, web1?.publicKey);
  strictEqual(await digestToken(read.value.token), web1?.tokenDigest);
  deepStrictEqual(web1?.rights, {
    roles: ["monitor"],
    jails: ["sshd", "nginx-*"],
    mayUnban: true,
    maxPerSecond: 50,
  });
  const stored = JSON.stringify(list.value);
  for (const secret of [read.value.token, read.value.keys.secretKey, code]) {
    ok(!stored.includes(secret));
  }
});

Deno.test("when one of several names is a member already none is added", async () => {
  const { desk, list } = await new Bench().init();
  await desk.add(typed("node add web2"));
  await rejects(desk.add(typed("node add web1 WEB2")), RuntimeError);
  deepStrictEqual(list.value?.members.map(({ name }) => name), ["web2"]);
});

Deno.test("a rotated member has a new code with the rights that it had; the old key and token are gone", async () => {
  const { desk, list } = await new Bench().init();
  await desk.add(typed("node add web1 --unban"));
  const [before] = list.value?.members ?? [];
  const { lines: [code = ""] } = await desk.rotate(
    typed("node rotate WEB1 --address hub.example.net"),
  );
  const read = decodeJoinCode(code);
  ok(read.ok);
  const [after] = list.value?.members ?? [];
  strictEqual(read.value.node, "web1");
  strictEqual(read.value.controlUrl, "tcp://hub.example.net:5681");
  strictEqual(read.value.keys.publicKey, after?.publicKey);
  ok(after?.publicKey !== before?.publicKey);
  ok(after?.tokenDigest !== before?.tokenDigest);
  deepStrictEqual(after?.rights, before?.rights);
});

Deno.test("whoever is not there is named, with what may be meant", async () => {
  const { desk } = await new Bench().init();
  await desk.add(typed("node add web1"));
  for (const verb of ["show", "rotate"] as const) {
    await rejects(
      desk[verb](typed(`node ${verb} wbe1`)),
      /^RuntimeError: there is no member wbe1; did you mean web1\?$/,
    );
  }
  await rejects(desk.revoke(typed("node revoke wbe1")), /no member wbe1/);
});

Deno.test("nobody is added before the publisher has its keys", async () => {
  await rejects(
    new Bench().desk.add(typed("node add web1")),
    /has no keys yet/,
  );
});

const NOT_UNDERSTOOD = [
  ...["node add web/1", "node add web1 web1", "node add web1 WEB1"],
  ...["node add web1 --roles operator", "node add web1 --roles ,"],
  ...["node add web1 --jails a;b", "node add web1 --rate 0"],
  ...["node add web1 --rate 1e3", "node add web1 --address tcp://hub"],
];

for (const command of NOT_UNDERSTOOD) {
  Deno.test(`"${command}" adds nobody`, async () => {
    const { desk, list } = await new Bench().init();
    await rejects(desk.add(typed(command)), UsageError);
    strictEqual(list.value, undefined);
  });
}

Deno.test("members are shown in a table, in full, and as JSON, without what a token is known by", async () => {
  const { desk, list } = await new Bench().init();
  deepStrictEqual(nodeTable(await desk.members(), undefined).lines, []);
  await desk.add(typed("node add web2 --rate 50"));
  await desk.add(typed("node add a-web --unban --roles subscriber"));
  const members = await desk.members();
  deepStrictEqual(members.map(({ name }) => name), ["a-web", "web2"]);
  const web2 = await desk.show(typed("node show WEB2"));
  ok(
    memberDetails(web2, undefined).lines.includes(
      `public key            ${web2.publicKey}`,
    ),
  );
  ok(
    memberDetails(web2, undefined).lines.includes(
      "rate                  50 events in a second",
    ),
  );
  const digests = list.value?.members.map(({ tokenDigest }) => tokenDigest) ??
    [];
  for (
    const { lines } of [
      nodeTable(members, undefined),
      nodeJson(members, undefined),
      memberJson(web2, undefined),
      memberDetails(web2, undefined),
    ]
  ) {
    for (const digest of digests) ok(!lines.join("").includes(digest));
  }
});

Deno.test("a host that joins keeps its membership, and is told what to set", async () => {
  const kept = new MemoryValue<Membership>();
  const asked: (readonly IniSetting[])[] = [];
  const value = membership("web1");
  let running: readonly string[] = [];
  const join = (code: string, name: string) =>
    joinCluster(code, {
      membership: kept,
      hostName: host(name),
      running: () => Promise.resolve(running),
      configure: (settings) => {
        asked.push(settings);
        return Promise.resolve("a.local");
      },
    });
  await join(encodeJoinCode(value), "WEB1");
  deepStrictEqual(kept.value, value);
  const texts = (at: number) =>
    asked[at]?.map(({ section, key, value }) => `${section}.${key}=${value}`);
  const urls = [
    "monitor.controlserver=tcp://192.0.2.10:5681",
    "subscriber.controlserver=tcp://192.0.2.10:5681",
    "subscriber.streamserver=tcp://192.0.2.10:5682",
  ];
  deepStrictEqual(texts(0), urls);
  await join(encodeJoinCode(value), "other");
  deepStrictEqual(texts(1), ["general.hostname=web1", ...urls]);
  const lastNote = async (name: string) =>
    (await join(encodeJoinCode(value), name)).notes.at(-1) ?? "";
  strictEqual(
    await lastNote("web1"),
    "next: start fail2ban-node",
  );
  running = ["fail2ban-monitor", "fail2ban-subscriber"];
  match(
    await lastNote("web1"),
    /^next: restart fail2ban-monitor and fail2ban-subscriber; a program that had /,
  );
  strictEqual(
    await lastNote("other"),
    "next: restart fail2ban-monitor and fail2ban-subscriber, still running as other with its membership",
  );
  await rejects(join("hello", "web1"), /is not a join code/);
  await rejects(join("F2BC2", "web1"), /from another version/);
  await rejects(
    join(encodeJoinCode(value).slice(0, -1), "web1"),
    /is damaged: a character is missing/,
  );
  strictEqual(asked.length, 5);
  await join(`web1 ${encodeJoinCode(value)}\n`, "web1");
  await rejects(
    join(`web2 ${encodeJoinCode(value)}`, "web2"),
    /this join code is for web1, not web2/,
  );
});

Deno.test("a node may have the longest name that a host can have", async () => {
  const longest = Array.from({ length: 4 }, () => "a".repeat(63)).join(".")
    .slice(0, 253);
  strictEqual(longest.length, 253);
  const { desk, list } = await new Bench().init();
  const { lines: [line = ""] } = await desk.add(typed(`node add ${longest}`));
  const read = decodeJoinCode(line.replace(`${longest} `, ""));
  strictEqual(read.ok && read.value.node, longest);
  ok(list.value !== undefined);
  const text = MEMBER_LIST_FORM.encode(list.value);
  deepStrictEqual(MEMBER_LIST_FORM.decode(text), list.value);
  await desk.revoke(typed(`node revoke ${longest}`));
  MEMBER_LIST_FORM.encode(list.value);
});

Deno.test("the journal takes an operator of any name, however it is spelt", async () => {
  const list = new MemoryValue<MemberList>();
  for (const by of ["J\u00f6rg M\u00fcller", "a\nb", "x".repeat(300)]) {
    const desk = new AllowCommands(list, { ...EDITOR, by });
    await desk.add(typed(`allow add 192.0.2.${by.length % 256}`));
    ok(list.value !== undefined);
    const text = MEMBER_LIST_FORM.encode(list.value);
    deepStrictEqual(MEMBER_LIST_FORM.decode(text), list.value);
  }
  deepStrictEqual(list.value?.journal.map(({ by }) => by), [
    ...["J?rg M?ller", "a?b", "x".repeat(200)],
  ]);
});
