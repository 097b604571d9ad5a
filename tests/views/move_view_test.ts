import { deepStrictEqual } from "node:assert/strict";
import { movedLines } from "../../lib/views/move_view.ts";
import type { ToldNode } from "../../lib/wire/operator_moves.ts";
import { host } from "../support/values/core_values.ts";

const NEW = {
  controlUrl: "tcp://192.0.2.20:5681",
  streamUrl: "tcp://192.0.2.20:5682",
};

function told(
  node: string,
  role: ToldNode["role"],
  outcome: ToldNode["outcome"],
  detail = "",
): ToldNode {
  return { node: host(node), role, outcome, detail };
}

Deno.test("node readdress says how many know, and for each other program what is to be done", () => {
  deepStrictEqual(
    movedLines(NEW, null, [
      told("web1", "monitor", "taken"),
      told("web1", "subscriber", "known"),
      told("web4", "monitor", "configured", "tcp://192.0.2.10:5681"),
      told("web4", "subscriber", "configured", "tcp://192.0.2.10:5681"),
      told("web5", "monitor", "failed", "the disk is full"),
      told("web6", "subscriber", "silent"),
      told("db3", null, "away"),
    ]),
    [
      "1 of 5 nodes know that the publisher will be at 192.0.2.20",
      "  web4  monitor     its configuration says tcp://192.0.2.10:5681; set there, in [monitor]: controlserver = tcp://192.0.2.20:5681",
      "  web4  subscriber  its configuration says tcp://192.0.2.10:5681; set there, in [subscriber]: controlserver = tcp://192.0.2.20:5681 and streamserver = tcp://192.0.2.20:5682",
      "  web5  monitor     could not store it: the disk is full",
      "  web6  subscriber  did not answer in time: run it again",
      "  db3               is not connected: will be told when it connects",
    ],
  );
  deepStrictEqual(movedLines(NEW, host("db3"), [told("db3", null, "away")]), [
    "0 of 1 nodes know that the publisher will be at 192.0.2.20",
    "  db3    is not connected: run it again once it is",
  ]);
});
