import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { LogFile } from "../../lib/tail/ports.ts";
import {
  countMissing,
  filesAfter,
  filesSince,
  findCopy,
  findFileAt,
  inOrderOfRotation,
  isLogName,
  nextStep,
  type OpenLog,
  plainLogName,
  withoutDoubles,
} from "../../lib/tail/tail_cursor.ts";

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

Deno.test("findFileAt() takes the same file, a copy of it, or none", () => {
  const place = { device: 1, inode: 2, offsetBytes: 50, fingerprint: "aa" };
  const same = { ...file(`${LOG}.1`, 2), fingerprint: "aa" };
  const copy = { ...file(`${LOG}.2`, 7), fingerprint: "aa" };
  const reused = { ...file(LOG, 2), fingerprint: "bb" };
  const short = { ...file(LOG, 2, { sizeBytes: 49 }), fingerprint: "aa" };
  strictEqual(findFileAt(place, [copy, same]), same);
  strictEqual(findFileAt(place, [reused, copy]), copy);
  strictEqual(findFileAt(place, [reused]), undefined);
  strictEqual(findFileAt(place, [short]), undefined);
});

Deno.test("findFileAt() finds a place in a file that was empty by the file alone", () => {
  const place = { device: 1, inode: 2, offsetBytes: 0, fingerprint: "" };
  const grown = { ...file(LOG, 2), fingerprint: "aa" };
  const other = { ...file(`${LOG}.1`, 3), fingerprint: "" };
  strictEqual(findFileAt(place, [other, grown]), grown);
  strictEqual(findFileAt(place, [other]), undefined);
});

const named = (...ends: string[]) => ends.map((end) => ({ name: LOG + end }));

Deno.test("plainLogName() and isLogName() know compressed names together", () => {
  for (const end of ["", ".1", "-20261124"]) {
    strictEqual(plainLogName(`${LOG}${end}.gz`), LOG + end);
    strictEqual(plainLogName(LOG + end), LOG + end);
  }
  strictEqual(isLogName(plainLogName(`${LOG}.bak.gz`), LOG), false);
  strictEqual(isLogName(plainLogName(`${LOG}.1.xz`), LOG), false);
});

Deno.test("inOrderOfRotation() takes compressed files for what they were", () => {
  const files = [".1", ".10.gz", "", ".2.gz"].map((end, index) =>
    file(LOG + end, index)
  );
  deepStrictEqual(
    inOrderOfRotation(files, LOG).map(({ name }) => name),
    [".10.gz", ".2.gz", ".1", ""].map((end) => LOG + end),
  );
});

Deno.test("withoutDoubles() leaves out what is just being compressed", () => {
  deepStrictEqual(
    withoutDoubles(named(".2.gz", ".1", ".1.gz", "")),
    named(".2.gz", ".1", ""),
  );
});

Deno.test("countMissing() counts the gaps between counted names", () => {
  strictEqual(countMissing(named(".3.gz", ".2", ".1", ""), LOG), 0);
  strictEqual(countMissing(named(".4.gz", ".1", ""), LOG), 2);
  strictEqual(countMissing(named(".2.gz", ""), LOG), 1);
  strictEqual(countMissing(named("-20261122", "-20261129.gz", ""), LOG), 0);
  strictEqual(countMissing(named(""), LOG), 0);
  strictEqual(countMissing([], LOG), 0);
});

Deno.test("filesAfter() leaves out files with names of another kind, unless they were written later", () => {
  const files = [
    file(`${LOG}-20261101.gz`, 1, { modifiedMs: 100 }),
    file(`${LOG}-20261129.gz`, 2, { modifiedMs: 900 }),
    file(`${LOG}.2.gz`, 3, { modifiedMs: 500 }),
    file(`${LOG}.1`, 4, { modifiedMs: 400 }),
    file(LOG, 5, { modifiedMs: 0 }),
  ];
  deepStrictEqual(
    filesAfter(open(3, { modifiedMs: 500 }), files, LOG)
      .map(({ inode }) => inode),
    [4, 2, 5],
  );
});

Deno.test("filesSince() gives what was written after a place that is gone, and the log", () => {
  const files = [
    file(`${LOG}.2.gz`, 1, { modifiedMs: 499 }),
    file(`${LOG}.1`, 2, { modifiedMs: 501 }),
    file(LOG, 3, { modifiedMs: 0 }),
  ];
  const place = { device: 1, inode: 9, offsetBytes: 7, fingerprint: "aa" };
  const inodes = (from: typeof place & { modifiedMs?: number }) =>
    filesSince(from, files, LOG).map(({ inode }) => inode);
  deepStrictEqual(inodes({ ...place, modifiedMs: 500 }), [2, 3]);
  // Stored by a program that did not note the time.
  deepStrictEqual(inodes(place), [3]);
});

Deno.test("findCopy() finds another file that begins alike and holds more", () => {
  const cut = { device: 1, inode: 1, offsetBytes: 50, fingerprint: "aa" };
  const copy = { ...file(`${LOG}.1`, 2), fingerprint: "aa" };
  strictEqual(findCopy(cut, [{ ...copy, inode: 1 }, copy]), copy);
  strictEqual(findCopy(cut, [{ ...copy, fingerprint: "bb" }]), undefined);
  strictEqual(findCopy(cut, [{ ...copy, sizeBytes: 50 }]), undefined);
  strictEqual(findCopy({ ...cut, fingerprint: "" }, [copy]), undefined);
});

Deno.test("isLogName() and inOrderOfRotation() know what is rotated before the log's extension", () => {
  const names = ["a.log", "a-20261128.log", "a-20261127.log", "a.2.log"];
  for (const name of names) strictEqual(isLogName(name, "a.log"), true, name);
  for (
    const name of ["b-20261128.log", "a-old.log", "a-20261128.txt", "ab.log"]
  ) {
    strictEqual(isLogName(name, "a.log"), false, name);
  }
  deepStrictEqual(
    inOrderOfRotation(names.slice(0, 3).map((name) => ({ name })), "a.log")
      .map(({ name }) => name),
    ["a-20261127.log", "a-20261128.log", "a.log"],
  );
});

/** Dates by which logs are rotated, oldest first. */
const DATES: readonly (readonly string[])[] = [
  ["-30112026", "-01122026", "-02122026"],
  ["-30-11-2026", "-01-12-2026"],
  ["-11302026", "-12012026"],
  ["-20261130", "-20261201"],
  ["-2026-11-30", "-2026-12-01"],
  ["-1796000000", "-1796086400"],
  ["-2026113023", "-2026120100"],
  ["-20261130-1796000001", "-20261130-1796000002", "-20261130-1796000003"],
  ["-20261130101500123456", "-20261130101500123457"],
];

for (const dates of DATES) {
  Deno.test(`inOrderOfRotation() sorts ${dates.join(" ")} by their date or the time of their change`, () => {
    for (const named of [LOG, "a.log"]) {
      const files = dates.map((date, at) => ({
        name: named === LOG ? `${LOG}${date}` : `a${date}.log`,
        modifiedMs: 1_000 * at,
      }));
      const shuffled = [{ name: named, modifiedMs: 9_000 }, ...files]
        .reverse();
      deepStrictEqual(
        inOrderOfRotation(shuffled, named).map(({ name }) => name),
        [...files.map(({ name }) => name), named],
      );
    }
  });
}
