import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { Address } from "../../../lib/base/address.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { NftEnforcer } from "../../../lib/nftables/nft_enforcer.ts";
import { NftProcess } from "../../../lib/nftables/io/nft_process.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { hostBan, localBans } from "../../support/values/local_bans.ts";
import { testNft } from "../../support/enforce/nft_host.ts";
import { deadline } from "../../support/host/deadline.ts";
import { isRunning } from "../../support/host/process_state.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { untilSettled, waitUntil } from "../../support/host/wait_until.ts";

const NEVER = new AbortController().signal;

testNft(
  "a ban that nft refuses is told with its reason and holds back no other",
  async (host) => {
    await host.nft(
      "table inet fail2ban_cluster { set banned6 { type ipv6_addr; flags timeout; size 2; }; }",
    );
    const enforcer = host.enforcer();
    const all = [
      hostBan("192.0.2.1"),
      hostBan("2001:db8::1"),
      hostBan("2001:db8::2"),
      {
        ...hostBan("192.0.2.2"),
        address: "192.0.2.2 }; flush ruleset" as Address,
      },
      hostBan("2001:db8::3"),
      hostBan("192.0.2.3"),
      hostBan("0.0.0.0/0"),
    ];
    deepStrictEqual(await enforcer.apply(all, NEVER), [
      {
        ban: all[3],
        reason: "nftables has no set for this address",
        kind: "refused",
      },
      {
        ban: all[6],
        reason: "nftables has no set for this address",
        kind: "refused",
      },
      { ban: all[4], reason: "Too many open files in system" },
    ]);
    const listed = await enforcer.list(NEVER);
    deepStrictEqual(listed.map(({ address }) => address).sort(), [
      "192.0.2.1",
      "192.0.2.3",
      "2001:db8::1",
      "2001:db8::2",
    ]);
  },
);

testNft(
  "NftEnforcer.check() says so when the table is another's",
  async (host) => {
    await host.nft(
      "table inet fail2ban_cluster { set banned4 { type ipv4_addr; flags interval; }; }",
    );
    const enforcer = host.enforcer();
    const isTold = (error: unknown) =>
      error instanceof RuntimeError &&
      error.message === "nft failed: File exists" &&
      error.hint?.includes("nft delete table inet fail2ban_cluster");
    await rejects(enforcer.check(NEVER), isTold);
    await rejects(enforcer.apply([hostBan("192.0.2.1")], NEVER), isTold);
  },
);

testNft("NftEnforcer says so when it is not permitted", async (host) => {
  const isTold = (error: unknown) =>
    error instanceof RuntimeError &&
    error.message.includes("Operation not permitted") &&
    error.hint?.includes("CAP_NET_ADMIN");
  await rejects(host.enforcerOfNobody().check(NEVER), isTold);
  await rejects(host.enforcerOfNobody().list(NEVER), isTold);
});

/** An enforcer whose nft is something else. */
function strangeEnforcer(
  command: [string, ...string[]],
  timeoutMs = deadline(10_000),
): NftEnforcer {
  const clock = new SystemClock();
  const program = new NftProcess(clock, command);
  return new NftEnforcer({ clock, program, timeoutMs });
}

Deno.test("NftEnforcer.check() says so when nft is missing", async () => {
  await rejects(
    strangeEnforcer(["/nonexistent/nft"]).check(NEVER),
    (error) =>
      error instanceof RuntimeError &&
      error.message.startsWith("/nonexistent/nft can't be run: ") &&
      error.hint === "install the package nftables",
  );
});

Deno.test("NftEnforcer.check() says so when nft fails without a word", async () => {
  await rejects(strangeEnforcer(["false"]).check(NEVER), {
    name: "RuntimeError",
    message: "nft failed: it doesn't say why",
  });
});

Deno.test("NftEnforcer.list() says so when nobody can read what nft lists", async () => {
  await rejects(strangeEnforcer(["echo"]).list(NEVER), {
    name: "RuntimeError",
    message: /^nft lists what nobody can read: /,
  });
});

Deno.test("NftEnforcer.apply() says so when nft ends before it has read all", async () => {
  const script = `test "$1" = --json && echo '{"nftables": []}'`;
  const enforcer = strangeEnforcer(["sh", "-c", script, "sh"]);
  await rejects(enforcer.apply(localBans(2_000), NEVER), {
    name: "RuntimeError",
    message: "nft failed: it doesn't say why",
  });
});

Deno.test("NftEnforcer ends an nft that does not answer in time", async () => {
  const enforcer = strangeEnforcer(["sh", "-c", "exec sleep 600"], 50);
  const waiting = rejects(enforcer.check(NEVER), {
    name: "RuntimeError",
    message: "nft has not answered for 0.05 s",
  });
  // Long before it would end of itself.
  await untilSettled(waiting, { what: "nft's end" });
});

Deno.test("NftEnforcer ends its nft and rejects with the reason when it is aborted, also before it begins", async () => {
  await using dir = await TempDir.create();
  // It outlasts every wait here, and writes its id once it runs.
  const script = `echo $$ >>${dir.path("pids")}; exec sleep 600`;
  const enforcer = strangeEnforcer(["sh", "-c", script]);
  const pids = async () =>
    (await Deno.readTextFile(dir.path("pids")).catch(() => ""))
      .split("\n").slice(0, -1).map(Number);
  const stop = new AbortController();
  const reason = new Error("enough");
  const waiting = rejects(enforcer.check(stop.signal), reason);
  await waitUntil(async () => (await pids()).length > 0, { what: "nft" });
  const [pid = NaN] = await pids();
  strictEqual(await isRunning(pid), true);
  stop.abort(reason);
  await waitUntil(async () => !await isRunning(pid), { what: "nft's end" });
  await waiting;
  await rejects(enforcer.list(stop.signal), reason);
  deepStrictEqual(await pids(), [pid]);
});

Deno.test("whatever the system says of the program is an error to mend", async () => {
  const clock = new SystemClock();
  for (const program of ["/etc/passwd/nft", "/etc/passwd", "/nowhere/nft"]) {
    const enforcer = new NftEnforcer({
      clock,
      program: new NftProcess(clock, [program]),
    });
    await rejects(enforcer.check(NEVER), RuntimeError, program);
  }
});
