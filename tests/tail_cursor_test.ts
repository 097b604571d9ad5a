import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { LogFile } from "../lib/ports.ts";
import {
  filesAfter,
  findPlace,
  inOrderOfRotation,
  isLogName,
  nextStep,
  type OpenLog,
} from "../lib/tail_cursor.ts";

const LOG = "fail2ban.log";

function file(
  name: string,
  inode: number,
  facts: Partial<LogFile> = {},
): LogFile {
  return { name, device: 1, inode, sizeBytes: 100, modifiedMs: 0, ...facts };
}

function open(inode: number, facts: Partial<OpenLog> = {}): OpenLog {
  return { device: 1, inode, readBytes: 100, modifiedMs: 0, ...facts };
}

Deno.test("isLogName() knows the log and what it is rotated to, not copies and compressed files", () => {
  const names = {
    [LOG]: true,
    [`${LOG}.1`]: true,
    [`${LOG}.12`]: true,
    [`${LOG}-20261124`]: true,
    [`${LOG}-2026-11-24`]: true,
    [`${LOG}.20261124`]: true,
    [`${LOG}.1.gz`]: false,
    [`${LOG}-20261124.xz`]: false,
    [`${LOG}.bak`]: false,
    [`${LOG}~`]: false,
    [`${LOG}.`]: false,
    [`a${LOG}`]: false,
    "fail2ban": false,
  };
  for (const [name, expected] of Object.entries(names)) {
    strictEqual(isLogName(name, LOG), expected, name);
  }
});

Deno.test("inOrderOfRotation() puts the oldest first, by count and by date", () => {
  const counted = [".1", "", ".10", ".2"].map((end, index) =>
    file(LOG + end, index)
  );
  deepStrictEqual(
    inOrderOfRotation(counted, LOG).map(({ name }) => name),
    [".10", ".2", ".1", ""].map((end) => LOG + end),
  );
  const dated = ["", "-20261124", "-20261122", "-20261123"].map((end, index) =>
    file(LOG + end, index)
  );
  deepStrictEqual(
    inOrderOfRotation(dated, LOG).map(({ name }) => name),
    ["-20261122", "-20261123", "-20261124", ""].map((end) => LOG + end),
  );
});

Deno.test("nextStep() reads what there is before it moves on", () => {
  const newer = [file(LOG, 2)];
  const look = { newer, sizeBytes: 101, beginsAsBefore: true };
  deepStrictEqual(nextStep(open(1), look), { kind: "read" });
  deepStrictEqual(nextStep(open(1), { ...look, sizeBytes: 100 }), {
    kind: "move_on",
    to: newer[0],
  });
});

Deno.test("nextStep() waits while the next file is empty: the writer may still be at the old one", () => {
  const look = { sizeBytes: 100, beginsAsBefore: true };
  const wait = { kind: "wait" };
  deepStrictEqual(nextStep(open(1), { ...look, newer: [] }), wait);
  const empty = file(LOG, 2, { sizeBytes: 0 });
  deepStrictEqual(nextStep(open(1), { ...look, newer: [empty] }), wait);
});

Deno.test("nextStep() passes over an empty file between two others", () => {
  const newer = [file(`${LOG}.1`, 2, { sizeBytes: 0 }), file(LOG, 3)];
  const look = { newer, sizeBytes: 100, beginsAsBefore: true };
  deepStrictEqual(nextStep(open(1), look), { kind: "move_on", to: newer[1] });
});

Deno.test("nextStep() begins again when the file got shorter, or begins otherwise", () => {
  const again = { kind: "begin_again" };
  const look = { newer: [], sizeBytes: 99, beginsAsBefore: true };
  deepStrictEqual(nextStep(open(1), look), again);
  const regrown = { newer: [], sizeBytes: 500, beginsAsBefore: false };
  deepStrictEqual(nextStep(open(1), regrown), again);
});

Deno.test("filesAfter() gives what came after the open file, whatever that is called by now", () => {
  const files = [file(LOG, 4), file(`${LOG}.1`, 3), file(`${LOG}.2`, 2)];
  const namesAfter = (inode: number) =>
    filesAfter(open(inode), files, LOG).map(({ name }) => name);
  deepStrictEqual(namesAfter(2), [`${LOG}.1`, LOG]);
  deepStrictEqual(namesAfter(3), [LOG]);
  deepStrictEqual(namesAfter(4), []);
});

Deno.test("filesAfter() goes by time when the open file has no name any more", () => {
  const files = [
    file(`${LOG}.2`, 2, { modifiedMs: 1_000 }),
    file(`${LOG}.1`, 3, { modifiedMs: 3_000 }),
    file(LOG, 4, { modifiedMs: 0 }),
  ];
  const after = filesAfter(open(9, { modifiedMs: 2_000 }), files, LOG);
  deepStrictEqual(after.map(({ name }) => name), [`${LOG}.1`, LOG]);
});

Deno.test("findPlace() takes the same file, a copy of it, or none", () => {
  const place = { device: 1, inode: 2, offsetBytes: 50, fingerprint: "aa" };
  const same = { ...file(`${LOG}.1`, 2), fingerprint: "aa" };
  const copy = { ...file(`${LOG}.2`, 7), fingerprint: "aa" };
  const reused = { ...file(LOG, 2), fingerprint: "bb" };
  const short = { ...file(LOG, 2, { sizeBytes: 49 }), fingerprint: "aa" };
  strictEqual(findPlace(place, [copy, same]), same);
  strictEqual(findPlace(place, [reused, copy]), copy);
  strictEqual(findPlace(place, [reused]), undefined);
  strictEqual(findPlace(place, [short]), undefined);
});

Deno.test("findPlace() finds a place in a file that was empty by the file alone", () => {
  const place = { device: 1, inode: 2, offsetBytes: 0, fingerprint: "" };
  const grown = { ...file(LOG, 2), fingerprint: "aa" };
  const other = { ...file(`${LOG}.1`, 3), fingerprint: "" };
  strictEqual(findPlace(place, [other, grown]), grown);
  strictEqual(findPlace(place, [other]), undefined);
});
