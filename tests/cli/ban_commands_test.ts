import {
  deepStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import { BanCommands } from "../../lib/cli/ban_commands.ts";
import { parseClusterCommand } from "../../lib/cli/cluster_cli.ts";
import { PLAIN_PLACE } from "../../lib/views/operator_output.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";
import type { OperatorBan } from "../../lib/wire/operator_bans.ts";
import type {
  OperatorAnswer,
  OperatorRequest,
} from "../../lib/wire/operator_messages.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const NOW_MS = Date.UTC(2026, 10, 29, 13, 6, 11);
const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

function ban(
  text: string,
  jailName: string,
  nodes: readonly string[],
  more: Partial<OperatorBan> & { sinceMs: number; leftMs: number | null },
): OperatorBan {
  const { sinceMs, leftMs, ...others } = more;
  return {
    address: address(text),
    jail: jail(jailName),
    reports: nodes.map((name) => ({
      node: host(name),
      firstMs: NOW_MS - sinceMs,
      lastMs: NOW_MS - sinceMs,
      endsMs: leftMs === null ? null : NOW_MS + leftMs,
    })),
    isPending: false,
    change: 88_190,
    enforced: 11,
    expected: 11,
    observed: 0,
    missing: [],
    ...others,
  };
}

const BANS: readonly OperatorBan[] = [
  ban("203.0.113.7", "sshd", ["web1", "web2"], {
    sinceMs: 4 * MINUTE_MS,
    leftMs: 56 * MINUTE_MS,
  }),
  ban("2001:db8:7::/64", "sshd", ["web2"], {
    sinceMs: 2 * HOUR_MS,
    leftMs: 6 * DAY_MS,
    enforced: 10,
    missing: [{
      node: host("db1"),
      action: "nftables",
      state: "refused",
      detail: "ignoreip: 2001:db8::/32",
    }],
  }),
  ban("198.51.100.0/24", "operator", ["a", "b", "c", "d", "e"], {
    sinceMs: 9 * HOUR_MS,
    leftMs: null,
    isPending: true,
  }),
];

/** A publisher that answers so, and what it was asked. */
class Desk {
  readonly asked: OperatorRequest[] = [];
  readonly answers: readonly OperatorAnswer[];

  constructor(answers?: readonly OperatorAnswer[]) {
    this.answers = answers ?? [
      { kind: "bans", bans: BANS },
      { kind: "listed", matched: 1_204 },
    ];
  }

  async *ask(
    request: OperatorRequest,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    this.asked.push(request);
    yield* await Promise.resolve(this.answers);
  }

  say(words: string, place = PLAIN_PLACE): OperatorOutput {
    const line = parseClusterCommand(words.split(" "));
    ok(line.kind === "command");
    const ask = (request: OperatorRequest) => this.ask(request);
    return new BanCommands({ ask, nowMs: NOW_MS, place }).bans(line.command);
  }

  async lines(words: string, place = PLAIN_PLACE): Promise<readonly string[]> {
    const pages = await Array.fromAsync(this.say(words, place).pages ?? []);
    return pages.flat();
  }

  async request(words: string): Promise<OperatorRequest & { kind: "bans" }> {
    await this.lines(words);
    const request = this.asked.at(-1);
    ok(request?.kind === "bans");
    return request;
  }
}

Deno.test("bans are listed in a table with how many there are", async () => {
  deepStrictEqual(await new Desk().lines("bans --limit 3"), [
    "ADDRESS          JAIL      REPORTED BY  SINCE  ENDS IN  ENFORCED",
    "203.0.113.7      sshd      web1 web2    4 min  56 min   11/11",
    "2001:db8:7::/64  sshd      web2         2 h    6 d      10/11",
    "198.51.100.0/24  operator  a b c +2     9 h    never    waits",
    "3 of 1,204; --all for all",
  ]);
  const none = new Desk([{ kind: "listed", matched: 0 }]);
  deepStrictEqual(await none.lines("bans"), ["no bans"]);
});

Deno.test("a table fits a terminal of 100 columns, with a bold heading, unless it is a pipe or asked not to", async () => {
  const long = [
    ban(
      "2001:db8:1234:5678:9abc:def0:1234:5678",
      "a-jail-whose-name-is-as-long-as-a-jails-name-may-be-in-fail2ban",
      ["a-host-with-a-long-name.example.net", "another-host.example.net"],
      { sinceMs: 0, leftMs: DAY_MS },
    ),
  ];
  const desk = new Desk([
    { kind: "bans", bans: BANS },
    { kind: "bans", bans: long },
    { kind: "listed", matched: 4 },
  ]);
  const shown = await desk.lines("bans", { columns: 100, hasColour: true });
  const [heading = "", ...rows] = shown;
  strictEqual(heading.startsWith("\x1b[1mADDRESS"), true);
  ok(rows.every((row) => row.length <= 100), rows.join("\n"));
  ok(rows.at(-1)?.includes("~"));
  const piped = await desk.lines("bans");
  ok(!piped.join("").includes("\x1b"));
  ok(piped.at(-1)?.includes(long[0]?.jail ?? "?"));
  const colourless = await desk.lines("bans", {
    columns: 80,
    hasColour: false,
  });
  ok(!colourless.join("").includes("\x1b"));
});

Deno.test("JSON is one object a line, and as its schema says", async () => {
  const lines = await new Desk().lines("bans --json");
  strictEqual(lines.length, 3);
  deepStrictEqual(JSON.parse(lines[1] ?? ""), {
    address: "2001:db8:7::/64",
    jail: "sshd",
    since: "2026-11-29T11:06:11.000Z",
    ends: "2026-12-05T13:06:11.000Z",
    pending: false,
    change: 88_190,
    reports: [{
      node: "web2",
      first: "2026-11-29T11:06:11.000Z",
      last: "2026-11-29T11:06:11.000Z",
      ends: "2026-12-05T13:06:11.000Z",
    }],
    enforced: 10,
    expected: 11,
    observed: 0,
    missing: [{
      node: "db1",
      action: "nftables",
      state: "refused",
      detail: "ignoreip: 2001:db8::/32",
    }],
  });
});

Deno.test("CSV has a heading and a line for each", async () => {
  deepStrictEqual(await new Desk().lines("bans --csv"), [
    "address,jail,nodes,since,ends,pending,enforced,expected",
    "203.0.113.7,sshd,web1 web2,2026-11-29T13:02:11.000Z,2026-11-29T14:02:11.000Z,false,11,11",
    "2001:db8:7::/64,sshd,web2,2026-11-29T11:06:11.000Z,2026-12-05T13:06:11.000Z,false,10,11",
    "198.51.100.0/24,operator,a b c d e,2026-11-29T04:06:11.000Z,,true,11,11",
  ]);
});

Deno.test("what is typed becomes what is asked", async () => {
  const desk = new Desk();
  deepStrictEqual(await desk.request("bans"), {
    kind: "bans",
    filter: {
      jail: null,
      node: null,
      at: null,
      within: null,
      sinceMs: null,
      notEnforced: false,
    },
    sort: "since",
    limit: 50,
  });
  const all = await desk.request("bans --all");
  deepStrictEqual([all.sort, all.limit], [null, null]);
  const sorted = await desk.request("bans --all --sort address");
  deepStrictEqual([sorted.sort, sorted.limit], ["address", 10_000]);
  const { filter } = await desk.request(
    "bans --jail sshd --node web1 --in 192.0.2.0/24 --since 2h --not-enforced",
  );
  deepStrictEqual(filter, {
    jail: "sshd",
    node: "web1",
    at: null,
    within: "192.0.2.0/24",
    sinceMs: NOW_MS - 2 * HOUR_MS,
    notEnforced: true,
  });
});

for (
  const [words, message] of [
    ["bans --limit 0", /expected a number, 1 to 10000/],
    ["bans --limit 10001", /--all for more/],
    ["bans --sort age", /expected one of since, ends, address, jail/],
    ["bans --all --limit 3", /exclude each other/],
    ["bans --json --csv", /exclude each other/],
    ["bans --address 192.0.2.1 --in 192.0.2.0/24", /exclude each other/],
    ["bans --in 192.0.2.7/24", /no host bits set/],
    ["bans --jail a/b", /a jail's name/],
    ["bans --node a_b!", /a node's name/],
    ["bans --since yesterday", /a time as fail2ban writes it/],
  ] as const
) {
  Deno.test(`"${words}" is refused with what was expected`, () => {
    throws(() => new Desk().say(words), { name: "UsageError", message });
  });
}

Deno.test("what the publisher can't do is said, also in the middle", async () => {
  const desk = new Desk([
    { kind: "bans", bans: BANS },
    { kind: "failed", message: "cannot read receipts", hint: "see its log" },
  ]);
  await rejects(desk.lines("bans"), {
    name: "RuntimeError",
    message: "cannot read receipts",
    hint: "see its log",
  });
  await rejects(new Desk([]).lines("bans"), {
    message: "the publisher does not run on this host",
  });
});
