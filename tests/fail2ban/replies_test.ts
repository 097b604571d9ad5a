import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { PickleValue } from "../../lib/fail2ban/pickle.ts";
import {
  readAbilities,
  readBannedInStatus,
  readBanTime,
  readCount,
  readIgnored,
  readJails,
  readTickets,
} from "../../lib/fail2ban/replies.ts";

/** Versions, and whether each takes many addresses, lists times, knows IPv6. */
const VERSIONS: Readonly<Record<string, readonly [boolean, boolean, boolean]>> =
  {
    "0.8.14": [false, false, false],
    "0.9.7": [false, false, false],
    "0.10.0": [false, false, true],
    "0.10.4": [false, false, true],
    "0.10.5": [true, false, true],
    "0.10.6": [true, false, true],
    "0.11.0": [false, false, true],
    "0.11.1": [true, true, true],
    "0.11.2.dev1": [true, true, true],
    "1.0.2": [true, true, true],
    "1.1.1.dev1": [true, true, true],
    "2.0": [true, true, true],
    "newest": [false, false, false],
    "": [false, false, false],
  };

for (const [version, abilities] of Object.entries(VERSIONS)) {
  Deno.test(`a version says what it can do: "${version}"`, () => {
    const { takesMany, listsTimes, knowsIpv6 } = readAbilities(version);
    deepStrictEqual([takesMany, listsTimes, knowsIpv6], abilities);
  });
}

Deno.test("the jails are read from both forms of a status", () => {
  const forms: readonly PickleValue[] = [
    [["Number of jail", 3], ["Jail list", "b, sshd, x.y"]],
    "Status\n|- Number of jail:\t3\n`- Jail list:\tb, sshd, x.y",
    // fail2ban 0.8: blanks for the tree, tabs behind the list.
    "Status\n|- Number of jail:\t3\n`- Jail list:\t\tb, sshd, x.y\n",
  ];
  for (const form of forms) {
    deepStrictEqual([...readJails(form)], ["b", "sshd", "x.y"]);
  }
});

Deno.test("jails that are none for the cluster are left out", () => {
  const jails = readJails([["Number of jail", 0], ["Jail list", ", a b, all"]]);
  strictEqual(jails.size, 0);
});

Deno.test("a number is read from both forms", () => {
  strictEqual(readCount(20), 20);
  strictEqual(readCount("20"), 20);
});

Deno.test("whom a jail never bans is read from both forms", () => {
  const ignored = ["127.0.0.0/8", "host.example", "::1"];
  deepStrictEqual(readIgnored(ignored), ignored);
  deepStrictEqual(
    readIgnored(
      "These IP addresses/networks are ignored:\n" +
        "|- 127.0.0.0/8\n|- host.example\n`- ::1",
    ),
    ignored,
  );
  deepStrictEqual(readIgnored("No IP address/network is ignored"), []);
  deepStrictEqual(readIgnored([]), []);
});

const TIMED = [
  "192.0.2.1 \t2026-11-22 14:09:21 + 120 = 2026-11-22 14:11:21",
  "2001:db8::/48 \t2026-11-22 14:09:21 + -1 = 9999-12-31 23:59:59",
  "alice \t2026-11-22 14:09:21 + 120 = 2026-11-22 14:11:21",
];

Deno.test("who is banned, since when and how long is read from both forms", () => {
  const madeAt = "2026-11-22 14:09:21";
  for (const form of [TIMED, TIMED.join("\n")]) {
    deepStrictEqual(readTickets(form), [
      { address: "192.0.2.1", times: { madeAt, seconds: 120 } },
      { address: "2001:db8::/48", times: { madeAt, seconds: Infinity } },
    ]);
  }
  deepStrictEqual(readTickets([]), []);
  deepStrictEqual(readTickets(""), []);
});

Deno.test("a ban in another form is read without its times", () => {
  const forms = ["192.0.2.1", "::FFFF:192.0.2.1", " 192.0.2.1"];
  for (const { address, times } of readTickets(forms)) {
    strictEqual(address, "192.0.2.1");
    strictEqual(times, undefined);
  }
  deepStrictEqual(
    readTickets(["192.0.2.1 + 120", "192.0.2.1 \tnow + 1 = 2"]),
    [],
  );
});

Deno.test("who is banned is read from all forms of a jail's status", () => {
  const banned = ["192.0.2.1", "2001:db8::1"];
  const forms: readonly PickleValue[] = [
    [
      ["Filter", [["Currently failed", 0], ["File list", []]]],
      ["Actions", [["Currently banned", 2], ["Banned IP list", banned]]],
    ],
    // fail2ban 0.8.
    [
      ["filter", [["File list", []], ["Currently failed", 0]]],
      ["action", [["Currently banned", 2], ["IP list", banned]]],
    ],
    "Status for the jail: sshd\n|- Filter\n|  `- File list:\t/a b\n" +
    "`- Actions\n   |- Currently banned:\t2\n" +
    `   \`- Banned IP list:\t${banned.join(" ")}`,
    "Status for the jail: sshd\n|- filter\n|  |- File list:\t/a \n" +
    "`- action\n   |- Currently banned:\t2\n" +
    `   \`- IP list:\t${banned.join(" ")} `,
  ];
  for (const form of forms) {
    deepStrictEqual(
      readBannedInStatus(form).map(({ address }) => address),
      banned,
    );
  }
});

Deno.test("a jail that bans nobody lists nobody", () => {
  deepStrictEqual(
    readBannedInStatus([["Filter", []], ["Actions", [["Banned IP list", []]]]]),
    [],
  );
  deepStrictEqual(
    readBannedInStatus("Status\n`- Actions\n   `- Banned IP list:"),
    [],
  );
});

Deno.test("a ban time is read from both forms, and without end where it is negative", () => {
  strictEqual(readBanTime(600), 600);
  strictEqual(readBanTime("600"), 600);
  strictEqual(readBanTime(-1), Infinity);
  strictEqual(readBanTime("-1"), Infinity);
  for (const value of ["", "10m", "1e3", NaN, "600 "]) {
    throws(() => readBanTime(value), RuntimeError);
  }
});

const READERS: Readonly<Record<string, (value: PickleValue) => unknown>> = {
  readJails,
  readCount,
  readBanTime,
  readIgnored,
  readTickets,
  readBannedInStatus,
};

for (const [name, read] of Object.entries(READERS)) {
  Deno.test(`an answer that is not understood is an error: ${name}`, () => {
    const noAnswers: readonly PickleValue[] = [
      null,
      true,
      new Map(),
      { called: "x", args: [] },
      [1, [2]],
      [["Filter", 1], ["Actions", [["Banned IP list", 5]]]],
    ];
    for (const value of noAnswers) throws(() => read(value), RuntimeError);
  });
}

Deno.test("a text that is not understood is an error", () => {
  throws(() => readJails("pong"), RuntimeError);
  throws(() => readCount("pong"), RuntimeError);
  throws(() => readBannedInStatus("pong"), RuntimeError);
});
