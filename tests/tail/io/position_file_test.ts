import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { PositionFile } from "../../../lib/tail/io/position_file.ts";
import type { LogPosition } from "../../../lib/tail/ports.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const POSITION: LogPosition = {
  device: 1,
  inode: 2,
  offsetBytes: 3,
  fingerprint: "ab".repeat(32),
};

/** So many places a reader has to see while others are stored. */
const PLACES = 25;

function isRuntimeError(message: RegExp) {
  return (error: unknown) => {
    ok(error instanceof RuntimeError, String(error));
    ok(message.test(error.message), error.message);
    ok(error.hint !== undefined);
    return true;
  };
}

Deno.test("PositionFile has no place while nothing is stored", async () => {
  await using dir = await TempDir.create();
  strictEqual(await new PositionFile(dir.path("a")).load(), undefined);
  strictEqual(await new PositionFile(dir.path("no/a")).load(), undefined);
});

Deno.test("PositionFile gives back the place that was stored last, also to another process", async () => {
  await using dir = await TempDir.create();
  const positions = new PositionFile(dir.path("a.position"));
  for (const offsetBytes of [3, 300_000, 0]) {
    const position = { ...POSITION, offsetBytes };
    await positions.save(position);
    deepStrictEqual(await positions.load(), position);
    const another = new PositionFile(dir.path("a.position"));
    deepStrictEqual(await another.load(), position);
  }
});

Deno.test("PositionFile makes its folder, and lets nobody else read the file", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("one/two/a.position");
  await new PositionFile(path).save(POSITION);
  strictEqual(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  const folder = await Deno.stat(dir.path("one/two"));
  strictEqual((folder.mode ?? 0) & 0o777, 0o700);
});

Deno.test("PositionFile leaves the stored place as it was when it can't store another", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.position");
  const positions = new PositionFile(path);
  await positions.save(POSITION);
  await Deno.mkdir(`${path}.new`);
  await rejects(
    positions.save({ ...POSITION, offsetBytes: 4 }),
    isRuntimeError(new RegExp(`^cannot write ${path}: `)),
  );
  deepStrictEqual(await positions.load(), POSITION);
  await Deno.remove(`${path}.new`);
  await positions.save({ ...POSITION, offsetBytes: 4 });
  strictEqual((await positions.load())?.offsetBytes, 4);
});

Deno.test("PositionFile replaces what a power failure left half written", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.position");
  await dir.write("a.position.new", "x".repeat(1_000));
  const positions = new PositionFile(path);
  strictEqual(await positions.load(), undefined);
  await positions.save(POSITION);
  deepStrictEqual(await positions.load(), POSITION);
  await rejects(Deno.stat(`${path}.new`), Deno.errors.NotFound);
});

Deno.test("PositionFile replaces the file as a whole: who reads it sees one place or the other", async () => {
  await using dir = await TempDir.create();
  const positions = new PositionFile(dir.path("a.position"));
  await positions.save({ ...POSITION, offsetBytes: 0 });
  let isRead = false;
  const saving = (async () => {
    for (let offsetBytes = 1; !isRead; offsetBytes++) {
      await positions.save({ ...POSITION, offsetBytes });
    }
  })();
  const seen = new Set<number>();
  let last = 0;
  try {
    await waitUntil(async () => {
      const { offsetBytes = -1 } = await positions.load() ?? {};
      ok(offsetBytes >= last, `${offsetBytes} after ${last}`);
      last = offsetBytes;
      return seen.add(last).size >= PLACES;
    }, { what: () => `${PLACES} places, not ${seen.size}`, intervalMs: 0 });
  } finally {
    isRead = true;
    await saving;
  }
});

for (const text of ["", "{}", "{\n", "\u{fffd}\0"]) {
  Deno.test(`PositionFile does not begin anew by itself when it holds ${JSON.stringify(text)}`, async () => {
    await using dir = await TempDir.create();
    const path = await dir.write("a.position", text);
    await rejects(
      new PositionFile(path).load(),
      isRuntimeError(new RegExp(`^${path}: the stored place .* is damaged$`)),
    );
  });
}

Deno.test("PositionFile says of a place that can't be read or written which setting it is", async () => {
  await using dir = await TempDir.create();
  const file = await dir.write("file", "");
  await Deno.mkdir(dir.path("folder"));
  for (const path of [dir.path("folder"), `${file}/a.position`]) {
    const positions = new PositionFile(path);
    await rejects(positions.load(), isRuntimeError(/^cannot read /));
    await rejects(positions.save(POSITION), (error: unknown) => {
      ok(error instanceof RuntimeError);
      ok(error.message.startsWith(`cannot write ${path}: `));
      strictEqual(
        error.hint,
        "the folder is statedir in [general], and must be writable",
      );
      return true;
    });
  }
});
