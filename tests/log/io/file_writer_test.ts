import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { FileWriter } from "../../../lib/log/io/line_writers.ts";
import type { OutputLine } from "../../../lib/log/line_sink.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

function lines(...texts: string[]): OutputLine[] {
  return texts.map((text) => ({ severity: "info", atMs: 0, text }));
}

Deno.test("FileWriter appends lines to a file that it makes, for its owner and group", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.log");
  await using writer = new FileWriter(path);
  strictEqual(writer.target, path);
  await writer.deliver(lines("one", "two"));
  await writer.deliver(lines("three"));
  strictEqual(await Deno.readTextFile(path), "one\ntwo\nthree\n");
  const { mode } = await Deno.stat(path);
  strictEqual((mode ?? 0) & 0o777, 0o640 & ~Deno.umask());
});

Deno.test("FileWriter keeps what stands in the file already, and its mode", async () => {
  await using dir = await TempDir.create();
  const path = await dir.write("a.log", "before\n", 0o604);
  await using writer = new FileWriter(path);
  await writer.deliver(lines("after"));
  strictEqual(await Deno.readTextFile(path), "before\nafter\n");
  strictEqual((await Deno.stat(path)).mode, 0o100604);
});

Deno.test("FileWriter goes on in a new file once its file was renamed, or emptied", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.log");
  await using writer = new FileWriter(path);
  await writer.deliver(lines("one"));
  await Deno.rename(path, `${path}.1`);
  await writer.deliver(lines("two"));
  strictEqual(await Deno.readTextFile(`${path}.1`), "one\n");
  strictEqual(await Deno.readTextFile(path), "two\n");
  await Deno.truncate(path);
  await writer.deliver(lines("three"));
  strictEqual(await Deno.readTextFile(path), "three\n");
});

Deno.test("FileWriter refuses lines while it can't write, and takes them afterwards", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("folder/a.log");
  await using writer = new FileWriter(path);
  await rejects(writer.deliver(lines("one")), (error: unknown) => {
    ok(error instanceof RuntimeError, String(error));
    ok(error.message.startsWith(`cannot write to ${path}: `), error.message);
    return true;
  });
  await Deno.mkdir(dir.path("folder"));
  await writer.deliver(lines("one"));
  strictEqual(await Deno.readTextFile(path), "one\n");
});

Deno.test("FileWriter begins a line of its own behind one that somebody left unfinished", async () => {
  await using dir = await TempDir.create();
  const path = await dir.write("a.log", "whole\nhal");
  await using writer = new FileWriter(path);
  await writer.deliver(lines("one"));
  await writer.deliver(lines("two"));
  strictEqual(await Deno.readTextFile(path), "whole\nhal\none\ntwo\n");
});

testWith(
  "mountns",
  "FileWriter leaves nothing half written on a full disk, and nothing twice once there is room",
  async () => {
    await using dir = await TempDir.create();
    await Deno.mkdir(dir.path("disk"));
    const module = new URL(
      "../../../lib/log/io/line_writers.ts",
      import.meta.url,
    );
    const program = await dir.write(
      "program.ts",
      `import { FileWriter } from "${module.href}";
      const [disk = ""] = Deno.args;
      const path = disk + "/a.log";
      const line = (text: string) => ({ severity: "info", atMs: 0, text } as const);
      const many = Array.from({ length: 90 }, (_, i) => line(i + " " + "x".repeat(100)));
      const writer = new FileWriter(path);
      await writer.deliver([line("before")]);
      await Deno.writeFile(disk + "/filler", new Uint8Array(4096 * 14));
      for (let attempt = 0; attempt < 3; attempt++) {
        await writer.deliver(many).then(
          () => console.log("written"),
          ({ name }) => console.log(name, Deno.statSync(path).size),
        );
      }
      await Deno.remove(disk + "/filler");
      await writer.deliver(many);
      const expected = ["before", ...many.map(({ text }) => text), ""].join("\\n");
      console.log(Deno.readTextFileSync(path) === expected ? "same" : "other");`,
    );
    await using child = new ChildProcess({
      command: "unshare",
      args: [
        "--mount",
        "/bin/sh",
        "-c",
        'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" run -A --no-config "$3" "$1"',
        "sh",
        dir.path("disk"),
        Deno.execPath(),
        program,
      ],
    });
    await child.ended;
    deepStrictEqual(child.stderr, []);
    const refused = "RuntimeError 7";
    deepStrictEqual(child.stdout, [refused, refused, refused, "same"]);
  },
);
