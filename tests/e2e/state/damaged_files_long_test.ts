import {
  always,
  type DamagedFile,
  testDamaged,
} from "../../support/cluster/damage_table.ts";

const GOES_ON = always("goes on");
const REFUSED = always("refused");

/**
 * Every file that a program keeps or reads. What exists nowhere else ends the
 * start, and is moved away by a person; everything else is begun anew.
 */
const FILES: readonly DamagedFile[] = [
  ...(["monitor.position", "monitor.reported"] as const).map((file) => ({
    role: "monitor" as const,
    file,
    expected: GOES_ON,
    isTold: true,
  })),
  ...(["allowlist.json", "bans.sqlite3", "replica.sqlite3"] as const).map((
    file,
  ) => ({
    role: "subscriber" as const,
    file,
    expected: GOES_ON,
    isTold: true,
  })),
  ...[
    "monitor.position.new",
    "monitor.reported.new",
    // The subscriber's, which tells what is an echo.
    "bans.sqlite3",
    "bans.sqlite3-wal",
    "../monitor.pid",
    "../monitor.sock",
  ].map((file) => ({ role: "monitor", file, expected: GOES_ON }) as const),
  ...[
    "allowlist.json.new",
    "bans.sqlite3-wal",
    "bans.sqlite3-shm",
    "replica.sqlite3-wal",
    "replica.sqlite3-shm",
    "replica.sqlite3.lock",
    "../subscriber.pid",
    "../subscriber.sock",
  ].map((file) => ({ role: "subscriber", file, expected: GOES_ON }) as const),
  ...[
    "publisher.sqlite3-shm",
    "publisher.sqlite3.lock",
    "publisher.sqlite3.new",
    "members/members.json.new",
    "../publisher.pid",
    "../publisher.sock",
    "../publisher.command.sock",
  ].map((file) => ({ role: "publisher", file, expected: GOES_ON }) as const),
  { role: "monitor", file: "membership.json", expected: REFUSED },
  { role: "subscriber", file: "membership.json", expected: REFUSED },
  ...["publisher.sqlite3", "members/members.json", "members/publisher.json"]
    .map((file) => ({ role: "publisher", file, expected: REFUSED }) as const),
  {
    role: "publisher",
    file: "publisher.sqlite3-wal",
    // What is cut short SQLite takes for not written whole: that is noticed.
    isTold: true,
    expected: {
      empty: "goes on",
      garbage: "refused",
      cut: "goes on",
      folder: "refused",
      pipe: "refused",
    },
  },
];

for (const file of FILES) testDamaged(file);
