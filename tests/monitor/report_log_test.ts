import { deepStrictEqual, ok } from "node:assert/strict";
import { ReportNotes } from "../../lib/monitor/report_log.ts";
import { address, jail } from "../support/values/core_values.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const SSHD = jail("sshd");

function key(index: number) {
  return { jail: SSHD, address: address(`198.51.100.${index}`) };
}

Deno.test("ReportNotes tells a single event by itself", () => {
  const log = new MemoryLog();
  const notes = new ReportNotes(log);
  notes.note("ban", key(1));
  deepStrictEqual(log.records, []);
  notes.tell();
  notes.tell();
  deepStrictEqual(log.records, [{
    severity: "notice",
    event: "reporting ban",
    fields: { jail: "sshd", address: "198.51.100.1" },
  }]);
});

Deno.test("ReportNotes tells many events of a jail in one record, each kind by itself", () => {
  const log = new MemoryLog();
  const notes = new ReportNotes(log);
  notes.note("ban", key(1));
  notes.note("unban", key(3));
  notes.note("ban", key(2));
  notes.tell();
  const told = log.records.map(({ event, fields }) => [event, fields]);
  deepStrictEqual(told, [
    [
      "reporting bans",
      { jail: "sshd", count: 2, addresses: "198.51.100.1,198.51.100.2" },
    ],
    ["reporting unban", { jail: "sshd", address: "198.51.100.3" }],
  ]);
});

Deno.test("ReportNotes leaves no address out of a flood, and makes no value that would be cut", () => {
  const log = new MemoryLog();
  const notes = new ReportNotes(log);
  const keys = Array.from({ length: 250 }, (_, index) => key(index));
  for (const each of keys) notes.note("ban", each);
  notes.tell();
  const texts = log.records.map(({ fields }) => String(fields?.["addresses"]));
  ok(texts.every(({ length }) => length <= 1_024));
  deepStrictEqual(
    texts.join(",").split(","),
    keys.map((each) => String(each.address)),
  );
});
