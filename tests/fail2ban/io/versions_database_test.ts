import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Fail2banDatabase } from "../../../lib/fail2ban/io/fail2ban_database.ts";
import type { RecordedVersion } from "../../support/fail2ban/recorded_version_form.ts";
import { RECORDED_VERSIONS } from "../../support/fail2ban/recorded_versions.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { address, jail } from "../../support/values/core_values.ts";

const NEVER = new AbortController().signal;

/** Makes the database as that version left it, a moment ago. */
function makeDatabase(path: string, recorded: RecordedVersion): number {
  const { database: { schema, rows }, atMs } = recorded;
  const laterSeconds = Math.round((Date.now() - atMs) / 1_000);
  const database = new DatabaseSync(path, {
    enableForeignKeyConstraints: false,
  });
  database.exec(schema);
  for (const row of rows) {
    const values = Object.entries(row).map(([name, value]) =>
      name === "timeofban"
        ? Number(value) + laterSeconds
        : typeof value === "object"
        ? new TextEncoder().encode(value.blob)
        : value
    );
    const marks = values.map(() => "?").join();
    const columns = Object.keys(row).join();
    database.prepare(`INSERT INTO bips (${columns}) VALUES (${marks})`)
      .run(...values);
  }
  database.close();
  return laterSeconds;
}

for (const recorded of RECORDED_VERSIONS) {
  const { version, database: { rows } } = recorded;
  Deno.test(`Fail2banDatabase reads what fail2ban ${version} keeps`, async () => {
    await using dir = await TempDir.create();
    const laterSeconds = makeDatabase(dir.path("db"), recorded);
    using database = new Fail2banDatabase(dir.path("db"));
    const list = await database.list(NEVER);
    deepStrictEqual(
      list?.tickets.filter(({ jail }) => jail !== "app")
        .map(({ jail, address }) => `${jail} ${address}`).sort(),
      [
        "broken 192.0.2.3",
        "forever 192.0.2.2",
        "sshd 192.0.2.0/28",
        "sshd 198.51.100.8",
        "sshd 2001:db8::9",
      ],
    );
    const ends = new Map(
      list?.tickets.map(({ address, endsMs }) => [String(address), endsMs]),
    );
    const began = Number(
      rows.find(({ ip }) => ip === "2001:db8::9")?.["timeofban"],
    );
    strictEqual(
      ends.get("2001:db8::9"),
      (began + laterSeconds + 3_600) * 1_000,
    );
    strictEqual(ends.get("192.0.2.2"), Infinity);
    strictEqual(
      database.ticketState(jail("sshd"), address("2001:db8::9"), Date.now()),
      "in_force",
    );
    // Banned because of a line of a log, and by hand.
    const detectedMs = database.detectedAtMs(jail("app"), address("192.0.2.5"));
    strictEqual(typeof detectedMs, "number");
    strictEqual(
      database.detectedAtMs(jail("sshd"), address("2001:db8::9")),
      undefined,
    );
    strictEqual(database.lastFailure, undefined);
  });
}
