import { deepStrictEqual, ok } from "node:assert/strict";
import { ReportLog } from "../../lib/log/report_log.ts";
import { address, jail } from "../support/values/core_values.ts";
import type { EventId } from "../../lib/base/ids.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const SSHD = jail("sshd");

function note(index: number, kind: "ban" | "unban" = "ban") {
  const id = `id-${index}` as EventId;
  const change = 100 + index;
  return {
    ...{ kind, id, change, jail: SSHD },
    address: address(`198.51.100.${index}`),
  };
}

Deno.test("ReportLog tells a single event by itself", () => {
  const log = new MemoryLog();
  const notes = new ReportLog(log, "reported");
  notes.add(note(1));
  deepStrictEqual(log.records, []);
  notes.flush();
  notes.flush();
  deepStrictEqual(log.records, [{
    severity: "notice",
    event: "reported ban",
    fields: {
      node: undefined,
      jail: "sshd",
      address: "198.51.100.1",
      id: "id-1",
      change: 101,
    },
  }]);
});

Deno.test("ReportLog tells many events of a jail in one record, each kind by itself", () => {
  const log = new MemoryLog();
  const notes = new ReportLog(log, "reported");
  notes.add(note(1));
  notes.add(note(3, "unban"));
  notes.add(note(2));
  notes.flush();
  const told = log.records.map(({ event, fields }) => [event, fields]);
  deepStrictEqual(told, [
    [
      "reported bans",
      {
        node: undefined,
        jail: "sshd",
        count: 2,
        addresses: "198.51.100.1,198.51.100.2",
      },
    ],
    [
      "reported unban",
      {
        ...{ node: undefined, jail: "sshd", address: "198.51.100.3" },
        ...{ id: "id-3", change: 103 },
      },
    ],
  ]);
});

Deno.test("ReportLog leaves no address out of a flood, and makes no value that would be cut", () => {
  const log = new MemoryLog();
  const notes = new ReportLog(log, "reported");
  const keys = Array.from({ length: 250 }, (_, index) => note(index));
  for (const each of keys) notes.add(each);
  notes.flush();
  const texts = log.records.map(({ fields }) => String(fields?.["addresses"]));
  ok(texts.every(({ length }) => length <= 1_024));
  deepStrictEqual(
    texts.join(",").split(","),
    keys.map((each) => String(each.address)),
  );
});
