import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { RuntimeError, UsageError } from "../../lib/base/errors.ts";
import { AllowCommands } from "../../lib/cli/allow_commands.ts";
import type { MemberList } from "../../lib/members/member.ts";
import { MemoryValue } from "../support/memory/memory_value.ts";
import { typed } from "../support/values/typed_command.ts";

const EDITOR = { by: "root", atMs: 1_000 };

Deno.test("the allowlist is edited, listed, and asked", async () => {
  const list = new MemoryValue<MemberList>();
  const desk = new AllowCommands(list, EDITOR);
  await desk.add(typed("allow add 203.0.113.0/24 --for 1h --note office"));
  await desk.add(typed("allow add 2001:db8::7"));
  deepStrictEqual((await desk.list(typed("allow list"))).lines, [
    "NETWORK         ADDED                 ENDS                  NOTE",
    "203.0.113.0/24  1970-01-01 00:00:01Z  1970-01-01 01:00:01Z  office",
    "2001:db8::7     1970-01-01 00:00:01Z  never",
  ]);
  const ask = async (network: string) =>
    (await desk.check(typed(`allow check ${network}`))).lines;
  match(
    (await ask("203.0.113.9")).join(),
    /203\.0\.113\.0\/24 \(office\) is on/,
  );
  match((await ask("203.0.0.0/16")).join(), /203\.0\.113\.0\/24/);
  deepStrictEqual(await ask("198.51.100.1"), [
    "198.51.100.1 is not on the allowlist",
  ]);
  await desk.remove(typed("allow remove 203.0.113.0/24"));
  deepStrictEqual(await ask("203.0.113.9"), [
    "203.0.113.9 is not on the allowlist",
  ]);
  const later = new AllowCommands(list, { ...EDITOR, atMs: 9e12 });
  deepStrictEqual((await later.list(typed("allow list"))).lines.length, 2);
  for (const text of ["203.0.113.1/24", "1.2", "x"]) {
    await rejects(desk.add(typed(`allow add ${text}`)), UsageError);
  }
  for (const time of ["0", "-1", "7x", "999999999999"]) {
    await rejects(
      desk.add(typed(`allow add 192.0.2.1 --for=${time}`)),
      UsageError,
    );
  }
});

Deno.test("a network wider than anybody's needs --force: it would lift every ban in it", async () => {
  const list = new MemoryValue<MemberList>();
  const desk = new AllowCommands(list, EDITOR);
  for (const wide of ["0.0.0.0/0", "8.0.0.0/7", "::/0", "2000::/3"]) {
    await rejects(
      desk.add(typed(`allow add ${wide}`)),
      (error) =>
        error instanceof RuntimeError &&
        error.hint === `fail2ban-cluster allow add ${wide} --force adds it`,
    );
    deepStrictEqual(list.value?.allowed.length ?? 0, 0);
  }
  await desk.add(typed("allow add 0.0.0.0/0 --force"));
  deepStrictEqual(list.value?.allowed.map(({ network }) => network), [
    "0.0.0.0/0",
  ]);
});

Deno.test("a network is taken in any spelling, and none whose host bits are set", async () => {
  const list = new MemoryValue<MemberList>();
  const desk = new AllowCommands(list, EDITOR);
  for (
    const text of [
      ...["2001:DB8:0::/32", "::ffff:192.0.2.7", "198.51.100.9/32"],
      ...["::ffff:203.0.113.0/120", "10.0.0.0/8", "fc00::/7"],
    ]
  ) await desk.add(typed(`allow add ${text}`));
  deepStrictEqual(list.value?.allowed.map(({ network }) => network), [
    ...["2001:db8::/32", "192.0.2.7", "198.51.100.9"],
    ...["203.0.113.0/24", "10.0.0.0/8", "fc00::/7"],
  ]);
  for (
    const text of [
      ...["192.0.2.1/24", "2001:db8::1/32", "192.0.2.256", "010.0.0.1"],
      ...["hub", "192.0.2.0/33", "fe80::1%eth0", "1.2"],
    ]
  ) await rejects(desk.add(typed(`allow add ${text}`)), UsageError, text);
});
