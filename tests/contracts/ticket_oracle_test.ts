import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Fail2banDatabase } from "../../lib/fail2ban/io/fail2ban_database.ts";
import type { TicketOracle, TicketState } from "../../lib/fail2ban/ports.ts";
import { address, jail } from "../support/values/core_values.ts";
import { MemoryOracle } from "../support/memory/fake_ports.ts";
import { TempDir } from "../support/host/temp_dir.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 20, 38, 55);
const STATES: readonly TicketState[] = [
  "gone",
  "in_force",
  "expired",
  "in_force",
  "gone",
  "unknown",
];

/** An oracle, and how to make it say something of the ticket. */
interface Subject {
  readonly oracle: TicketOracle;
  become(state: TicketState): void;
}

const ask = ({ oracle }: Subject) =>
  oracle.ticketState(jail("sshd"), address("192.0.2.1"), NOW_MS);

/** What every oracle does. */
const BEHAVIOURS: Readonly<Record<string, (subject: Subject) => void>> = {
  "says what is true of a ticket now": (subject) => {
    const said = STATES.map((state) => {
      subject.become(state);
      return ask(subject);
    });
    deepStrictEqual(said, STATES);
  },
  "says the same again while nothing changes": (subject) => {
    subject.become("in_force");
    for (let count = 0; count < 3; count++) {
      strictEqual(ask(subject), "in_force");
    }
  },
  "throws nothing when it can't be asked": (subject) => {
    subject.become("unknown");
    for (let count = 0; count < 3; count++) {
      strictEqual(ask(subject), "unknown");
    }
  },
};

/** Has fail2ban's database say it. */
function become(path: string, state: TicketState): void {
  if (state === "unknown") return Deno.removeSync(path);
  using database = new DatabaseSync(path);
  database.exec(
    "CREATE TABLE IF NOT EXISTS bips(ip TEXT, jail TEXT, timeofban INTEGER, bantime INTEGER, bancount INTEGER DEFAULT 1, data JSON DEFAULT '{}')",
  );
  database.exec("DELETE FROM bips");
  if (state !== "gone") {
    const began = NOW_MS / 1_000 - (state === "expired" ? 601 : 0);
    database.prepare(
      "INSERT INTO bips(ip, jail, timeofban, bantime) VALUES('192.0.2.1', 'sshd', ?, 600)",
    )
      .run(began);
  }
  const now = new Date(NOW_MS);
  Deno.utimeSync(path, now, now);
}

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`MemoryOracle ${behaviour}`, () => {
    const oracle = new MemoryOracle();
    show({ oracle, become: (state) => oracle.state = state });
  });

  Deno.test(`Fail2banDatabase ${behaviour}`, async () => {
    await using dir = await TempDir.create();
    const path = dir.path("db");
    become(path, "gone");
    using oracle = new Fail2banDatabase(path);
    show({ oracle, become: (state) => become(path, state) });
  });
}
