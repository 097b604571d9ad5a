import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Epoch } from "../../lib/base/ids.ts";
import { OwnWords } from "../../lib/monitor/failed_bans.ts";
import { ReportedBans } from "../../lib/monitor/reported_bans.ts";
import type { MonitorOptions } from "../../lib/monitor/monitor.ts";
import type { OwnWord } from "../../lib/monitor/report_link.ts";
import { banReports, EventBench } from "../support/bench/event_bench.ts";
import { EventMonitorBench } from "../support/bench/event_monitor_bench.ts";
import { RECORDED_VERSIONS } from "../support/fail2ban/recorded_versions.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { address, jail } from "../support/values/core_values.ts";

/** A monitor that knows what it reported, beside a fail2ban with a jail. */
function monitorOf(
  name: string,
  known = new ReportedBans(),
  options: Partial<MonitorOptions> = {},
) {
  const bench = new EventMonitorBench(undefined, false, { known, ...options });
  bench.host.fail2ban.jail(name);
  return bench;
}

const LISTED =
  "action broken of jail broken failed: fail2ban only lists it" as const;

for (const { version, log, atMs } of RECORDED_VERSIONS) {
  Deno.test(`Monitor tells the publisher of each ban that fail2ban ${version} only lists`, async () => {
    await using bench = monitorOf("broken");
    const { clock, publisher } = bench.host;
    clock.step(atMs - clock.nowMs());
    const ofBroken = log.filter((line) => line.includes("broken"));
    await bench.read(ofBroken.map((line) => `${line}\n`).join(""));
    // Nobody has the rows of its database here: that is waited for.
    await clock.advance(5_000);
    const failures = ofBroken.filter((line) => line.includes("to execute ban"));
    strictEqual(failures.length, 2, "when it banned, and when it restored");
    deepStrictEqual(
      new Set(publisher.words),
      new Set([`fail2ban failed broken 192.0.2.3: ${LISTED}`]),
    );
  });
}

const BAN = "a N [sshd] Ban 192.0.2.3\n";
const FAILED =
  "a E Failed to execute ban jail 'sshd' action 'nft' info '{'ip': '192.0.2.3'\n";
const SAID =
  "fail2ban failed sshd 192.0.2.3: action nft of jail sshd failed: fail2ban only lists it";

/** Lines with short stamps and levels: `a N ...`. */
function lines(text: string): string {
  return text.replaceAll(
    /^a (.)/gm,
    (_, level) =>
      `2026-11-22 14:19:57,244 fail2ban.actions [9]: ${
        level === "N" ? "NOTICE " : "ERROR  "
      }`,
  );
}

Deno.test("Monitor tells that a ban is in force once fail2ban carries it out after all", async () => {
  await using bench = monitorOf("sshd");
  await bench.read(lines(BAN + FAILED));
  deepStrictEqual(bench.host.publisher.words, [SAID]);
  // A server that stops logs its unbans before the next one restores them.
  await bench.read(lines("a N [sshd] Unban 192.0.2.3\n"));
  await bench.read(lines("a N [sshd] Restore Ban 192.0.2.3\n"));
  await bench.read(lines("a N [sshd] Restore Ban 192.0.2.3\n"));
  deepStrictEqual(bench.host.publisher.words, [
    SAID,
    "fail2ban applied sshd 192.0.2.3: ",
  ]);
});

Deno.test("Monitor tells a publisher with another store of what fail2ban only lists", async () => {
  await using bench = monitorOf("sshd");
  const { publisher, clock } = bench.host;
  await bench.read(lines(BAN + FAILED));
  publisher.restart();
  await clock.advance(60_000);
  deepStrictEqual(publisher.words, [SAID]);
  publisher.restart();
  publisher.epoch = "fedcba9876543210".repeat(2) as Epoch;
  await clock.advance(60_000);
  deepStrictEqual(publisher.words, [SAID, SAID]);
});

Deno.test("Monitor tells of each jail's ban that the subscriber has in a jail of this host where its action failed", async () => {
  const echoes = {
    isEcho: () => true,
    reportedJails: () => [jail("nginx"), jail("postfix")],
  };
  await using bench = monitorOf("sshd", new ReportedBans(), { echoes });
  await bench.read(lines(BAN + FAILED));
  const why = SAID.slice(SAID.lastIndexOf("action nft"));
  deepStrictEqual(bench.host.publisher.words, [
    `fail2ban failed nginx 192.0.2.3: ${why}`,
    `fail2ban failed postfix 192.0.2.3: ${why}`,
  ]);
});

Deno.test("Monitor tells nothing of a failed action of a ban that it did not report, nor of an unban", async () => {
  const known = new ReportedBans();
  known.note({
    ...{ jail: jail("sshd"), address: address("192.0.2.3"), state: "left" },
    ...{ endsMs: Infinity, notedMs: 0 },
  });
  await using bench = monitorOf("sshd", known);
  await bench.read(lines(FAILED));
  await bench.read(lines(BAN + FAILED.replace("execute ban", "execute unban")));
  deepStrictEqual(bench.host.publisher.words, []);
  strictEqual(bench.monitor.counters.actionFailures, 2);
});

function word(outcome: OwnWord["outcome"], last = 0): OwnWord {
  return {
    ...{ jail: jail("sshd"), address: address(`198.18.0.${last}`), outcome },
    ...{ action: "fail2ban", detail: "", atMs: 0 },
  };
}

Deno.test("Protocol2Link tells of a ban after its report is answered, and again in a new session where that was not", async () => {
  await using bench = new EventBench((publisher) => publisher.holding = true);
  await bench.submitAll(banReports(1));
  bench.link.tell(word("failed"));
  await settled();
  deepStrictEqual(bench.publisher.words, []);
  bench.publisher.release();
  await settled();
  deepStrictEqual(bench.publisher.words, ["fail2ban failed sshd 198.18.0.0: "]);
  // No answer comes in time.
  await bench.clock.advance(20_000);
  bench.publisher.holding = false;
  await bench.clock.advance(20_000);
  strictEqual(new Set(bench.publisher.words).size, 1);
  const { length } = bench.publisher.words;
  strictEqual(length > 1, true, "it was said again");
  await bench.clock.advance(60_000);
  strictEqual(bench.publisher.words.length, length, "and answered");
});

Deno.test("OwnWords keeps the last word about a ban, one batch on its way at a time", () => {
  const words = new OwnWords();
  words.add(word("failed"), 1);
  words.add(word("failed", 1), 0);
  const first = words.next(0, 10, 0);
  strictEqual(
    first?.results.length,
    1,
    "the report of the other is not settled",
  );
  words.add(word("applied", 1), 0);
  strictEqual(words.next(1, 10, 0), undefined);
  strictEqual(words.acknowledge(1), false);
  strictEqual(words.acknowledge(first.batch), true);
  const rest = words.next(1, 10, 0);
  deepStrictEqual(rest?.results.map(({ outcome }) => outcome), [
    "failed",
    "applied",
  ]);
  words.rewind();
  strictEqual(words.next(1, 1, 0)?.results.length, 1);
});
