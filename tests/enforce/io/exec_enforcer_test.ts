import {
  deepStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import type { Address } from "../../../lib/base/address.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { hostBan, localBans } from "../../support/values/local_bans.ts";
import { Program, runs } from "../../support/enforce/exec_program.ts";
import { untilSettled, waitUntil } from "../../support/host/wait_until.ts";
import { deadline, scaled } from "../../support/host/deadline.ts";

/** So long a program may take; the shell has to be ready by then. */
const PATIENCE_MS = Math.ceil(scaled(800) / 100) * 100;
/** So long it may clean up; a timer may be early by less than this. */
const GRACE_MS = 990;

const NEVER = new AbortController().signal;

Deno.test("ExecEnforcer runs the program with the ban in its arguments and its environment, and nothing else", async () => {
  await using program = await Program.write([
    `printf '%s\\n' "$@" >> "$dir/args"`,
    `tr '\\0' '\\n' < /proc/$$/environ | sort >> "$dir/env"`,
    `readlink /proc/$$/fd/0 /proc/$$/cwd >> "$dir/links"`,
  ]);
  const enforcer = program.enforcer();
  await enforcer.check(NEVER);
  const ban = hostBan("2001:db8::/48");
  deepStrictEqual(await enforcer.apply([ban], NEVER), []);
  deepStrictEqual(await enforcer.lift([ban], NEVER), []);
  const rest = ["2001:db8::/48", "fail2bancluster", "web-1", "forever"];
  deepStrictEqual(await program.lines("args"), [
    "ban",
    ...rest,
    "unban",
    ...rest,
  ]);
  const env = (await program.lines("env")).slice(0, 9);
  const own = env.filter((line) => line.startsWith("F2BC_"));
  deepStrictEqual(own, [
    "F2BC_ACTION=ban",
    "F2BC_ADDRESS=2001:db8::/48",
    "F2BC_FAMILY=ipv6",
    "F2BC_JAIL=fail2bancluster",
    "F2BC_ORIGIN=web-1",
    "F2BC_REPORTED_JAIL=sshd",
    "F2BC_SECONDS=-1",
  ]);
  const others = env.filter((line) => !own.includes(line));
  deepStrictEqual(others.map((line) => line.split("=", 1)[0]), [
    "LANG",
    "PATH",
  ]);
  deepStrictEqual(await program.lines("links"), [
    "/dev/null",
    "/",
    "/dev/null",
    "/",
  ]);
});

Deno.test("ExecEnforcer runs the program once for each ban, and no more of them at a time than it may", async () => {
  await using program = await Program.write([
    `echo + >> "$dir/log"`,
    `echo "$2" >> "$dir/addresses"`,
    // Only those that run beside it can have begun before the third one has.
    `until [ "$(grep -c + "$dir/log")" -ge 3 ]; do sleep 0.01; done`,
    "sleep 0.05",
    `echo - >> "$dir/log"`,
  ]);
  const bans = localBans(12);
  const enforcer = program.enforcer({ parallel: 3 });
  strictEqual(enforcer.maxBansAtOnce, 12);
  deepStrictEqual(await enforcer.apply(bans, NEVER), []);
  const addresses = await program.lines("addresses");
  deepStrictEqual(addresses.sort(), bans.map(({ address }) => address).sort());
  let running = 0;
  let most = 0;
  for (const line of await program.lines("log")) {
    running += line === "+" ? 1 : -1;
    most = Math.max(most, running);
  }
  strictEqual(most, 3);
});

Deno.test("a program that fails holds back no other ban, and its failure says how it ended and its first words", async () => {
  await using program = await Program.write([
    `echo "$2" >> "$dir/ran"`,
    "case $2 in",
    "192.0.2.1) echo 'not this one' >&2; echo more >&2; exit 3;;",
    "192.0.2.3) printf 'caf\\303\\251 closed'; exit 4;;",
    "192.0.2.4) kill -KILL $$;;",
    "192.0.2.5) exec 1>&- 2>&-; exit 255;;",
    "esac",
  ]);
  const bans = [1, 2, 3, 4, 5, 6].map((last) => hostBan(`192.0.2.${last}`));
  const failures = await program.enforcer().apply(bans, NEVER);
  deepStrictEqual(failures, [
    { ban: bans[0], reason: "exit code 3: not this one" },
    { ban: bans[2], reason: "exit code 4: caf? closed" },
    { ban: bans[3], reason: "ended by SIGKILL" },
    { ban: bans[4], reason: "exit code 255" },
  ]);
  strictEqual((await program.lines("ran")).length, 6);
});

Deno.test("a ban whose address is none never reaches the program", async () => {
  await using program = await Program.write([`echo "$2" >> "$dir/ran"`]);
  const good = hostBan("192.0.2.1");
  const bad = { ...good, address: "192.0.2.1; reboot" as Address };
  deepStrictEqual(await program.enforcer().apply([bad, good], NEVER), [
    { ban: bad, reason: 'Not a good address: "192.0.2.1; reboot"' },
  ]);
  deepStrictEqual(await program.lines("ran"), ["192.0.2.1"]);
});

Deno.test("no shell reads the program's own name", async () => {
  const name = "act; touch $(dirname $0)/x `id` 'y'";
  await using program = await Program.write(["exit 0"], name.replace("/", "_"));
  const enforcer = program.enforcer();
  await enforcer.check(NEVER);
  deepStrictEqual(await enforcer.apply([hostBan("192.0.2.1")], NEVER), []);
  strictEqual((await program.names()).length, 1);
});

Deno.test("a program that writes without end or need is read and does its work", async () => {
  await using program = await Program.write([
    "head -c 5000000 /dev/zero",
    "head -c 5000000 /dev/zero >&2",
    `test "$1" = ban`,
  ]);
  const ban = hostBan("192.0.2.1");
  const enforcer = program.enforcer();
  deepStrictEqual(await enforcer.apply([ban], NEVER), []);
  const [failure] = await enforcer.lift([ban], NEVER);
  strictEqual(failure?.reason, `exit code 1: ${"?".repeat(200)}`);
});

for (const code of [0, 1]) {
  Deno.test(`a program that ends with ${code} and leaves another running is not waited for`, async () => {
    await using program = await Program.write([
      "echo said",
      `sleep 60 & echo $! > "$dir/pid"`,
      `exit ${code}`,
    ]);
    const ban = hostBan("192.0.2.1");
    const failures = await program.enforcer().apply([ban], NEVER);
    const expected = code === 0 ? [] : [{ ban, reason: "exit code 1: said" }];
    deepStrictEqual(failures, expected);
    const [pid = ""] = await program.lines("pid");
    ok(await runs(pid));
    Deno.kill(Number(pid), "SIGKILL");
  });
}

Deno.test("a program that takes too long is ended with all that it started, also when it won't", async () => {
  await using program = await Program.write([
    "trap '' TERM",
    "echo waiting",
    // Longer than every wait here: that it is gone in the end means something.
    `sleep 600 & echo $! > "$dir/child"`,
    `echo $$ > "$dir/pid"`,
    "while :; do wait; done",
  ]);
  const ban = hostBan("192.0.2.1");
  const enforcer = program.enforcer({ timeoutMs: PATIENCE_MS });
  const startMs = performance.now();
  deepStrictEqual(await enforcer.apply([ban], NEVER), [
    { ban, reason: `not done within ${PATIENCE_MS / 1_000} s: waiting` },
  ]);
  const tookMs = performance.now() - startMs;
  const leastMs = PATIENCE_MS + GRACE_MS;
  ok(tookMs >= leastMs && tookMs < deadline(leastMs * 3), `${tookMs} ms`);
  const pids = [...await program.lines("pid"), ...await program.lines("child")];
  strictEqual(pids.length, 2);
  for (const pid of pids) {
    await waitUntil(async () => !await runs(pid), {
      what: `the end of ${pid}`,
    });
  }
});

Deno.test("a program that is told to end may clean up", async () => {
  await using program = await Program.write([
    `trap 'echo cleaned >> "$dir/log"; exit 0' TERM`,
    `echo begun >> "$dir/log"`,
    "sleep 60 & wait",
  ]);
  const ban = hostBan("192.0.2.1");
  const enforcer = program.enforcer({ timeoutMs: PATIENCE_MS });
  const failures = await enforcer.apply([ban], NEVER);
  deepStrictEqual(failures, [{
    ban,
    reason: `not done within ${PATIENCE_MS / 1_000} s`,
  }]);
  deepStrictEqual(await program.lines("log"), ["begun", "cleaned"]);
});

Deno.test("ExecEnforcer ends its programs and rejects with the reason when it is aborted, and begins no more", async () => {
  await using program = await Program.write([
    `echo $$ >> "$dir/pids"`,
    "exec sleep 600",
  ]);
  const enforcer = program.enforcer({ parallel: 2 });
  const stop = new AbortController();
  const reason = new Error("enough");
  const waiting = rejects(enforcer.apply(localBans(5), stop.signal), reason);
  await waitUntil(async () => (await program.lines("pids")).length === 2, {
    what: "two runs",
  });
  stop.abort(reason);
  // Long before the programs would end of themselves.
  await untilSettled(waiting, { what: "the end of the runs" });
  const pids = await program.lines("pids");
  strictEqual(pids.length, 2);
  for (const pid of pids) ok(!await runs(pid));
  await rejects(enforcer.lift(localBans(1), stop.signal), reason);
  await rejects(enforcer.check(stop.signal), reason);
  strictEqual((await program.lines("pids")).length, 2);
});

Deno.test("a program that went away is told for each ban", async () => {
  await using program = await Program.write(["exit 0"]);
  const enforcer = program.enforcer();
  await Deno.remove(program.path);
  const bans = localBans(2);
  const failures = await enforcer.apply(bans, NEVER);
  deepStrictEqual(failures.map(({ ban }) => ban), bans);
  for (const { reason } of failures) {
    ok(reason.includes("No such file or directory"), reason);
  }
});

Deno.test("ExecEnforcer.check() says what keeps the program from being run", async () => {
  await using program = await Program.write(["exit 0"]);
  const isTold =
    (message: string, hint: string | undefined) => (error: unknown) =>
      error instanceof RuntimeError && error.message.startsWith(message) &&
      error.hint === hint;
  const { path } = program;
  await program.enforcer().check(NEVER);
  await Deno.chmod(path, 0o600);
  await rejects(
    program.enforcer().check(NEVER),
    isTold(`${path} is not executable`, `chmod +x ${path}`),
  );
  await rejects(
    program.enforcer({ program: "/usr/bin" }).check(NEVER),
    isTold("/usr/bin is not a file", undefined),
  );
  await Deno.remove(path);
  await rejects(
    program.enforcer().check(NEVER),
    isTold(
      `${path} can't be run: No such file or directory`,
      "execprogram is the absolute path of the program",
    ),
  );
});

const BROKEN: readonly (readonly [
  what: string,
  text: string,
  message: RegExp,
  hint: RegExp,
])[] = [
  [
    "a script whose lines end as on Windows",
    "#!/bin/sh\r\nexit 0\r\n",
    /can't be run: its lines end as on Windows \(CRLF\)/,
    /^sed -i 's\/\\r\$\/\/' \//,
  ],
  [
    "a script with options and CRLF",
    "#!/bin/sh -e\r\nexit 0\r\n",
    /\(CRLF\)/,
    /^sed -i /,
  ],
  [
    "a script with an interpreter that is missing",
    "#!/opt/python2 -u\n",
    /asks for \/opt\/python2, and there is none$/,
    /^install it, or change/,
  ],
];

for (const [what, text, message, hint] of BROKEN) {
  Deno.test(`${what} is told as such, before it is run and where it was to be run`, async () => {
    await using program = await Program.write(["exit 0"]);
    await Deno.writeTextFile(program.path, text);
    await rejects(program.enforcer().check(NEVER), (error) => {
      ok(error instanceof RuntimeError);
      ok(message.test(error.message), error.message);
      ok(hint.test(error.hint ?? ""), error.hint);
      return true;
    });
    const [failure] = await program.enforcer().apply(localBans(1), NEVER);
    ok(message.test(failure?.reason ?? ""), failure?.reason);
  });
}

Deno.test("arguments in execprogram are told as such", async () => {
  await using program = await Program.write(["exit 0"]);
  const typed = `${program.path} --now`;
  await rejects(program.enforcer({ program: typed }).check(NEVER), {
    message:
      `there is no program ${typed}: ${program.path} is one, and what stands behind it are arguments`,
    hint: "execprogram is a path alone; a script of its own can give arguments",
  });
});

Deno.test("ExecEnforcer knows nothing of what is in force, and wants an absolute path", async () => {
  await using program = await Program.write(["exit 0"]);
  const enforcer = program.enforcer();
  strictEqual(await enforcer.list(NEVER), undefined);
  strictEqual(enforcer.lapses, false);
  throws(() => program.enforcer({ program: "act" }), TypeError);
});
