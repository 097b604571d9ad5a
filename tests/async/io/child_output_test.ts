import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ChildOutput, resultOf } from "../../../lib/async/child_output.ts";

/** A program whose outputs are pipes. */
function spawn(command: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(command, {
    ...{ args, stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
}

Deno.test("resultOf() gives all that a program wrote, and how it ended", async () => {
  const script = "seq 1 100000; printf 'caf\\303\\251' >&2; exit 3";
  const { success, stdout, stderr } = await resultOf(
    spawn("sh", "-c", script),
  );
  const lines = Array.from({ length: 100_000 }, (_, at) => `${at + 1}\n`);
  deepStrictEqual([success, stderr], [false, "caf\u{e9}"]);
  ok(stdout === lines.join(""));
  deepStrictEqual(await resultOf(spawn("true")), {
    ...{ success: true, stdout: "", stderr: "" },
  });
});

Deno.test("ChildOutput reads every piece into the same memory", async () => {
  const child = spawn(
    "sh",
    "-c",
    "for n in 1 2 3; do echo $n; sleep 0.1; done",
  );
  const output = new ChildOutput(child.stdout);
  const sizes = new Set<number>();
  let text = "";
  for (
    let piece = await output.next();
    piece !== undefined;
    piece = await output.next()
  ) {
    text += new TextDecoder().decode(piece);
    sizes.add(piece.buffer.byteLength);
  }
  await Promise.all([new ChildOutput(child.stderr).text(), child.status]);
  strictEqual(text, "1\n2\n3\n");
  deepStrictEqual([...sizes], [4_096]);
});

Deno.test("ChildOutput that is cancelled tells whoever waits that there is no more", async () => {
  const child = spawn("sleep", "60");
  const output = new ChildOutput(child.stdout);
  const next = output.next();
  await output.cancel();
  strictEqual(await next, undefined);
  child.kill("SIGKILL");
  await Promise.all([new ChildOutput(child.stderr).text(), child.status]);
});
