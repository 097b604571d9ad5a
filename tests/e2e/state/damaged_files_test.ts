import {
  type DamagedFile,
  testDamaged,
} from "../../support/cluster/damage_table.ts";

/** Of each kind one; `damaged_files_long_test.ts` has all. */
const FILES: readonly DamagedFile[] = [
  {
    role: "subscriber",
    file: "bans.sqlite3",
    expected: { garbage: "goes on", pipe: "goes on" },
    isTold: true,
  },
  {
    role: "subscriber",
    file: "membership.json",
    expected: { cut: "refused", pipe: "refused" },
  },
  {
    role: "publisher",
    file: "publisher.sqlite3",
    expected: { empty: "refused", folder: "refused" },
  },
  {
    role: "publisher",
    file: "members/members.json",
    expected: { garbage: "refused", pipe: "refused" },
  },
];

for (const file of FILES) testDamaged(file);
