import { ok, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  openFailure,
  storeFailure,
  UnusableStoreError,
} from "../../lib/sqlite/store_errors.ts";

function sqliteError(message: string, code = "ERR_SQLITE_ERROR"): Error {
  return Object.assign(new Error(message), { code });
}

Deno.test("storeFailure() gives each of SQLite's errors its hint", () => {
  for (
    const [message, hint] of [
      ["database or disk is full", /free space/],
      ["database is locked", /another program/],
      ["attempt to write a readonly database", /must be writable/],
      ["unable to open database file: /x", /must be writable/],
      ["disk I/O error", /full or fails.*kernel/],
      ["something new", /OPERATIONS\.md/],
    ] as const
  ) {
    const cause = sqliteError(message);
    const failure = storeFailure("cannot keep changes", cause);
    ok(failure instanceof RuntimeError);
    ok(!(failure instanceof UnusableStoreError), message);
    strictEqual(failure.message, `cannot keep changes: ${message}`);
    strictEqual(failure.cause, cause);
    ok(hint.test(failure.hint ?? ""), failure.hint);
  }
});

Deno.test("storeFailure() says so when the file is damaged", () => {
  for (
    const cause of [
      sqliteError("database disk image is malformed"),
      sqliteError("file is not a database"),
      sqliteError("value is too large", "ERR_OUT_OF_RANGE"),
    ]
  ) {
    const failure = storeFailure("cannot read bans", cause);
    ok(failure instanceof UnusableStoreError, cause.message);
    strictEqual(failure.reason, "damaged");
    ok(/left as it is|was left/.test(failure.hint ?? ""), failure.hint);
  }
});

Deno.test("storeFailure() leaves other errors alone", () => {
  for (const error of [new RangeError("x"), new Error("x"), "x", undefined]) {
    strictEqual(storeFailure("cannot read bans", error), error);
    strictEqual(openFailure("/x", error), error);
  }
});

Deno.test("openFailure() names the file, and keeps the reason", () => {
  const newer = new UnusableStoreError("newer", "its version is 9");
  const failure = openFailure("/s/publisher.sqlite3", newer);
  ok(failure instanceof UnusableStoreError);
  strictEqual(failure.reason, "newer");
  strictEqual(
    failure.message,
    "cannot open /s/publisher.sqlite3: its version is 9",
  );
  const system = openFailure("/s/x", sqliteError("Read-only", "EROFS"));
  ok(system instanceof RuntimeError);
  ok(/statedir/.test(system.hint ?? ""));
});

Deno.test("openFailure() names the command that moves aside what is a person's to move", () => {
  const there = new Set(["/s/x", "/s/x-wal", "/s/x.damaged"]);
  const isThere = (path: string) => there.has(path);
  const damaged = new UnusableStoreError("damaged", "it is a pipe");
  for (
    const error of [damaged, sqliteError("database disk image is malformed")]
  ) {
    const failure = openFailure("/s/x", error, { isThere });
    ok(failure instanceof UnusableStoreError);
    ok(
      failure.hint?.endsWith(
        "; run: mv /s/x /s/x.damaged-2 && mv /s/x-wal /s/x.damaged-2-wal",
      ),
      failure.hint,
    );
  }
});

Deno.test("openFailure() names the command for a disk that takes nothing", () => {
  for (
    const [message, code, hint] of [
      ["Read-only file system (os error 30)", "EROFS", /run: mount -o remount/],
      ["attempt to write a readonly database", undefined, /run: mount -o /],
      ["No space left on device (os error 28)", "ENOSPC", /run: df -h \/s$/],
      ["database or disk is full", undefined, /free space .* run: df -h \/s$/],
    ] as const
  ) {
    const failure = openFailure("/s/x", sqliteError(message, code));
    ok(failure instanceof RuntimeError);
    ok(hint.test(failure.hint ?? ""), failure.hint);
  }
});
