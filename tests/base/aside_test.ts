import { strictEqual } from "node:assert/strict";
import {
  asideCommand,
  DATABASE_ENDS,
  oddKind,
  shellWord,
} from "../../lib/base/aside.ts";

Deno.test("asideCommand() names a command that overwrites nothing that was moved aside before", () => {
  const there = new Set([
    "/s/a",
    "/s/a-wal",
    "/s/a.damaged",
    "/s/a.damaged-2-wal",
  ]);
  strictEqual(
    asideCommand("/s/a", (name) => there.has(name), DATABASE_ENDS),
    "mv /s/a /s/a.damaged-3 && mv /s/a-wal /s/a.damaged-3-wal",
  );
});

Deno.test("shellWord() is one word for a shell, whatever is in it", () => {
  strictEqual(shellWord("/var/lib/x-1.json"), "/var/lib/x-1.json");
  strictEqual(shellWord("a $(b) 'c'"), `'a $(b) '\\''c'\\'''`);
  strictEqual(shellWord(""), "''");
});

Deno.test("oddKind() tells a pipe from a folder, and both from a file", () => {
  const none = { isFile: false, isDirectory: false };
  strictEqual(oddKind({ ...none, isFifo: true }), "it is a pipe");
  strictEqual(oddKind({ ...none, isFifo: null }), "it is not a file");
  strictEqual(oddKind({ ...none, isDirectory: true }), "it is a folder");
});
