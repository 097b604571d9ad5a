/**
 * Checks what our programs read from a fail2ban version's recording, which
 * `recorded_version.ts` made.
 *
 * @module
 */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { EventId } from "../../../lib/base/ids.ts";
import { readAnswer } from "../../../lib/fail2ban/answer.ts";
import { Fail2banInfo } from "../../../lib/fail2ban/fail2ban_info.ts";
import { timeOfLine } from "../../../lib/fail2ban/line_time.ts";
import { LogScanner } from "../../../lib/fail2ban/log_scanner.ts";
import type {
  Fail2banClient,
  Fail2banReply,
} from "../../../lib/fail2ban/ports.ts";
import {
  type Detection,
  RestartFilter,
} from "../../../lib/monitor/restart_filter.ts";
import { FormatWatch } from "../../../lib/monitor/format_watch.ts";
import { ManualClock } from "../memory/manual_clock.ts";
import { MemoryLog } from "../memory/memory_log.ts";
import { address, jail } from "../values/core_values.ts";
import { describeEvent } from "../values/log_samples.ts";
import type { RecordedVersion } from "./recorded_version_form.ts";

const NEVER = new AbortController().signal;
const HOLD_MS = 30_000;

/** Lifted by hand or expired; all other unbans come from stops. */
const LIFTED = ["sshd 192.0.2.1", "sshd 198.51.100.7"];
const ENDED = "app 192.0.2.5";
const BANNED = [
  "app 192.0.2.5",
  "broken 192.0.2.3",
  "forever 192.0.2.2",
  "sshd 192.0.2.0/28",
  "sshd 192.0.2.1",
  "sshd 198.51.100.7",
  "sshd 198.51.100.8",
  "sshd 2001:db8::9",
];

function scan(recorded: RecordedVersion) {
  const log = new MemoryLog();
  const watch = new FormatWatch("file", log, new ManualClock());
  const text = recorded.log.map((line) => `${line}\n`).join("");
  const scanner = new LogScanner("file", watch);
  return {
    watch,
    placed: [...scanner.scan(new TextEncoder().encode(text))],
  };
}

/** Asserts that every line is understood correctly. */
export function expectLog(recorded: RecordedVersion): void {
  const { watch, placed } = scan(recorded);
  strictEqual(watch.counters.lines, recorded.log.length);
  strictEqual(watch.counters.notUnderstood, 0);
  const said = new Set(placed.map(({ event }) => describeEvent(event)));
  for (const ban of BANNED) ok(said.has(`ban ${ban}`), ban);
  for (const unban of [...LIFTED, ENDED]) ok(said.has(`unban ${unban}`), unban);
  for (const restored of ["forever 192.0.2.2", "sshd 2001:db8::9"]) {
    ok(said.has(`restore ${restored}`), restored);
  }
  ok(said.has("refused target"), "the ban of a user's name");
  ok(said.has("increase app 192.0.2.5 2 6"), "an increase");
  ok([...said].some((text) => /^action_failed ban broken/.test(text)));
  for (const mark of ["server_stopping", "server_starting"]) ok(said.has(mark));
  for (const mark of ["jail_stopped forever", "jail_started forever"]) {
    ok(said.has(mark), mark);
  }
}

/** Asserts that restarts lift nothing, even without the database. */
export function expectReports(recorded: RecordedVersion): void {
  const session = new RestartFilter({
    unbanHoldMs: HOLD_MS,
    sharesIncreases: true,
  });
  const shared: Detection[] = [];
  let nowMs = 0;
  scan(recorded).placed.forEach(({ event, line }, at) => {
    nowMs = timeOfLine(line, 0) ?? nowMs;
    shared.push(...session.tick(nowMs));
    const id = String(at).padStart(16, "0") as EventId;
    shared.push(...session.push(event, "unknown", nowMs, id));
  });
  shared.push(...session.tick(nowMs + HOLD_MS));
  const keysOf = (kind: Detection["kind"]) =>
    [
      ...new Set(
        shared.filter((each) => each.kind === kind)
          .map(({ jail, address }) => `${jail} ${address}`),
      ),
    ].sort();
  deepStrictEqual(keysOf("ban"), BANNED);
  // Without the database an unban within 30 s of a stop counts as the stop's.
  for (const key of keysOf("unban")) ok([...LIFTED, ENDED].includes(key), key);
  ok(
    shared.some((each) => each.kind === "ban" && each.lastsMs === 6_000),
    "the increased time is shared",
  );
}

/** Asserts that every answer is understood. */
export async function expectAnswers(recorded: RecordedVersion): Promise<void> {
  const client = replaying(recorded);
  const info = new Fail2banInfo(client, new ManualClock());
  await info.check(NEVER);
  deepStrictEqual(await info.abilities(NEVER), {
    ...{ takesMany: true, listsTimes: true, knowsIpv6: true },
  });
  const jails = [...await info.jails(NEVER)].sort();
  deepStrictEqual(jails, ["app", "broken", "forever", "sshd"]);
  strictEqual(await info.banTimeIn(jail("sshd"), NEVER), 3_600_000);
  strictEqual(await info.banTimeIn(jail("forever"), NEVER), Infinity);
  strictEqual(await info.banTimeIn(jail("nowhere"), NEVER), undefined);
  const tickets = await info.ticketsIn(jail("sshd"), NEVER);
  deepStrictEqual(tickets.map(({ address }) => address).sort(), [
    "192.0.2.0/28",
    "2001:db8::9",
  ]);
  for (const { times } of tickets) strictEqual(times?.seconds, 3_600);
  const [forever] = await info.ticketsIn(jail("forever"), NEVER);
  strictEqual(forever?.times?.seconds, Infinity);
  const ignored = await info.ignoredIn(jail("sshd"), NEVER);
  strictEqual(ignored?.concerns(address("198.51.100.99")), true);
  const { target, level } = await info.logging(NEVER);
  match(target, /^\/f2b_+\/fail2ban\.log$/);
  strictEqual(level, "INFO");
  const banned = await info.bannedIn(jail("sshd"), NEVER);
  ok(banned?.has(address("2001:db8::9")));
  const counts: readonly (readonly [string, number])[] = [
    ["set sshd banip 198.51.100.7 198.51.100.8", 2],
    ["set sshd banip 198.51.100.7", 0],
    ["set sshd unbanip 198.51.100.7", 1],
    ["set sshd unbanip 198.51.100.200", 0],
  ];
  for (const [question, value] of counts) {
    deepStrictEqual(await client.command(question.split(" "), NEVER), {
      kind: "done",
      value,
    });
  }
}

/** Answers like the recorded version. */
function replaying({ answers }: RecordedVersion): Fail2banClient {
  return {
    servers: 1,
    command(words): Promise<Fail2banReply> {
      const hex = answers[words.join(" ")];
      if (hex === undefined) throw new Error(`never asked: ${words.join(" ")}`);
      return Promise.resolve(readAnswer(Uint8Array.fromHex(hex)));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
