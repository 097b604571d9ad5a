import { deepStrictEqual, ok } from "node:assert/strict";
import { PLAIN_PLACE } from "../../lib/views/operator_output.ts";
import { TailTable } from "../../lib/views/tail_view.ts";
import { LIVE_EVENTS } from "../support/values/live_events.ts";

Deno.test("tail shows bans and refusals as operators were promised it", () => {
  deepStrictEqual(new TailTable(PLAIN_PLACE).lines(LIVE_EVENTS.slice(0, 2)), [
    "13:02:11Z  ban     203.0.113.7  sshd  web1             +0.005 s  11/11",
    "13:04:02Z  refuse  127.0.0.1    sshd  web9   loopback",
  ]);
});

Deno.test("tail shows all else in the same columns, and says what it left out", () => {
  const lines = new TailTable(PLAIN_PLACE).lines(LIVE_EVENTS.slice(2));
  deepStrictEqual(lines, [
    "13:04:03Z  wait    203.0.113.8  nginx  web1   quorum",
    "13:04:04Z  ban     203.0.113.8  nginx  web2                       -",
    "13:04:05Z  report  203.0.113.8  nginx  web3",
    "13:04:06Z  end     203.0.113.8  nginx         operator",
    "13:04:07Z  end     2001:db8:7:8:9:a:b:c  sshd   web1   withdraw",
    "... 1,204 events are left out: they were read too slowly",
  ]);
});

Deno.test("tail keeps to a terminal of 100 columns", () => {
  const table = new TailTable({ columns: 100, hasColour: false });
  const events = LIVE_EVENTS.map((event) =>
    event.kind === "ban"
      ? { ...event, node: "n".repeat(80) as typeof event.node }
      : event
  );
  for (const line of table.lines(events)) ok(line.length <= 100, line);
});
