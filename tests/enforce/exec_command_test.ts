import {
  deepStrictEqual,
  match,
  ok,
  strictEqual,
  throws,
} from "node:assert/strict";
import fc from "fast-check";
import type { BanKind } from "../../lib/ban/ban_event.ts";
import { execCall, execReason } from "../../lib/enforce/exec_command.ts";
import type { HostBan } from "../../lib/enforce/enforcer.ts";
import {
  anyAddress,
  anyHostName,
  anyJailName,
} from "../support/values/any_values.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { hostileVariants } from "../support/values/hostile_text.ts";

const NOW_MS = Date.UTC(2026, 10, 23);
const BAN: HostBan = {
  jail: jail("web"),
  address: address("192.0.2.7"),
  expiresMs: NOW_MS + 600_000,
  origin: host("web-1.example.net"),
  reportedJail: jail("nginx-http-auth"),
};

/** Nothing that a shell, a program's options or a terminal knows. */
const HARMLESS = /^[A-Za-z0-9_:][A-Za-z0-9_.:@+\/-]*$/;

const anyKind = fc.constantFrom<BanKind>("ban", "unban");
const anyLocalBan: fc.Arbitrary<HostBan> = fc.record({
  jail: anyJailName,
  address: anyAddress,
  expiresMs: fc.oneof(
    fc.double({ noNaN: true }),
    fc.integer({ min: NOW_MS - 1e9, max: NOW_MS + 1e12 }),
  ),
  origin: anyHostName,
  reportedJail: anyJailName,
}, { noNullPrototype: true });

Deno.test("execCall() says of a ban what is to be done, where and for how long", () => {
  deepStrictEqual(execCall("ban", BAN, NOW_MS), {
    args: ["ban", "192.0.2.7", "web", "web-1.example.net", "600"],
    env: {
      F2BC_ACTION: "ban",
      F2BC_ADDRESS: "192.0.2.7",
      F2BC_FAMILY: "ipv4",
      F2BC_JAIL: "web",
      F2BC_REPORTED_JAIL: "nginx-http-auth",
      F2BC_ORIGIN: "web-1.example.net",
      F2BC_SECONDS: "600",
    },
  });
});

Deno.test("execCall() writes for ever as a word that no option looks like, and as fail2ban does", () => {
  const prefix = {
    ...BAN,
    address: address("2001:db8::/48"),
    expiresMs: Infinity,
  };
  const { args, env } = execCall("unban", prefix, NOW_MS);
  deepStrictEqual(args, [
    "unban",
    "2001:db8::/48",
    "web",
    "web-1.example.net",
    "forever",
  ]);
  strictEqual(env["F2BC_ACTION"], "unban");
  strictEqual(env["F2BC_FAMILY"], "ipv6");
  strictEqual(env["F2BC_SECONDS"], "-1");
});

for (
  const [kind, lastsMs, seconds] of [
    ["ban", 1_001, "2"],
    ["ban", 1, "1"],
    ["ban", 0, "1"],
    ["ban", -5_000, "1"],
    ["ban", 1e300, "2147483647"],
    ["unban", 1, "1"],
    ["unban", 0, "0"],
    ["unban", -5_000, "0"],
    ["unban", -Infinity, "0"],
  ] as const
) {
  Deno.test(`execCall() writes ${seconds} s for the ${kind} of what ends in ${lastsMs} ms`, () => {
    const ban = { ...BAN, expiresMs: NOW_MS + lastsMs };
    const { args, env } = execCall(kind, ban, NOW_MS);
    strictEqual(args[4], seconds);
    strictEqual(env["F2BC_SECONDS"], seconds);
  });
}

Deno.test("execCall() refuses a ban without an end", () => {
  throws(() => execCall("ban", { ...BAN, expiresMs: NaN }, NOW_MS), TypeError);
});

Deno.test("a program is given nothing but harmless words, whatever is banned", () => {
  fc.assert(fc.property(anyKind, anyLocalBan, (kind, ban) => {
    const { args, env } = execCall(kind, ban, NOW_MS);
    strictEqual(args.length, 5);
    for (const arg of args) match(arg, HARMLESS);
    match(args[4] ?? "", /^(?:\d{1,10}|forever)$/);
    const { F2BC_SECONDS: seconds = "", ...others } = env;
    match(seconds, /^(?:\d{1,10}|-1)$/);
    for (const value of Object.values(others)) match(value, HARMLESS);
  }));
});

for (const field of ["jail", "address", "origin", "reportedJail"] as const) {
  Deno.test(`execCall() refuses a ban whose ${field} is hostile`, () => {
    const hostile = hostileVariants(fc.constant(BAN[field] as string));
    fc.assert(fc.property(anyKind, hostile, (kind, text) => {
      fc.pre(!HARMLESS.test(text));
      const ban = { ...BAN, [field]: text };
      throws(() => execCall(kind, ban, NOW_MS), TypeError);
    }));
  });
}

Deno.test("execCall() refuses an action of another name", () => {
  throws(() => execCall("--help" as BanKind, BAN, NOW_MS), TypeError);
});

for (
  const [end, outputs, reason] of [
    [3, ["", ""], "exit code 3"],
    [3, [], "exit code 3"],
    [
      127,
      ["sh: no such thing\nat all\n", "x"],
      "exit code 127: sh: no such thing",
    ],
    [
      1,
      [" \n", "\n  told on the other one \r\n"],
      "exit code 1: told on the other one",
    ],
    ["SIGSEGV", ["", ""], "ended by SIGSEGV"],
    [undefined, ["waiting", ""], "not done within 2.5 s: waiting"],
    [1, ["\x1b[31mred\u202e\x00"], "exit code 1: ?[31mred??"],
  ] as const
) {
  Deno.test(`execReason() says "${reason}"`, () => {
    strictEqual(execReason({ end, timeoutMs: 2_500, outputs }), reason);
  });
}

Deno.test("execReason() is one short printable line, whatever a program writes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary", maxLength: 500 })),
      (outputs) => {
        const reason = execReason({ end: 1, timeoutMs: 1, outputs });
        match(reason, /^[\x20-\x7e]+$/);
        ok(reason.length < 250);
      },
    ),
  );
});
