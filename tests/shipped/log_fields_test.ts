import { deepStrictEqual } from "node:assert/strict";
import { renderJson } from "../../lib/log/log_record.ts";

const OPERATIONS = new URL("../../docs/OPERATIONS.md", import.meta.url);

/** The members of a record in JSON. */
function membersOf(fields: Readonly<Record<string, string>>): string[] {
  const record = { severity: "notice", event: "a", fields, atMs: 0 } as const;
  const source = { name: "fail2ban-monitor", pid: 1 };
  return Object.keys(JSON.parse(renderJson(record, source)));
}

Deno.test("OPERATIONS.md names each member that a record in JSON may have, and no other", async () => {
  const page = await Deno.readTextFile(OPERATIONS);
  const [, rest = ""] = page.split(
    "`--log-format json` writes one object per line",
  );
  const [table = ""] = rest.split("\n#");
  const named = [...table.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
  const many = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`n${at}`, "x".repeat(1_000)]),
  );
  const told = new Set([...membersOf({ jail: "sshd" }), ...membersOf(many)]);
  deepStrictEqual(named, [...told]);
});
