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
  const child = new Deno.Command("sh", {
    args: ["-c", "echo first; read -r _; echo 2"],
    ...{ stdin: "piped", stdout: "piped" },
  }).spawn();
  const output = new ChildOutput(child.stdout);
  const next = async () => {
    const piece = await output.next() ?? new Uint8Array();
    const { buffer, length } = piece;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return [text(piece), text(new Uint8Array(buffer, length, 4)), length];
  };
  deepStrictEqual(await next(), ["first\n", "\0\0\0\0", 6]);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("\n"));
  await writer.close();
  // What is left of the piece before stands behind it.
  deepStrictEqual(await next(), ["2\n", "rst\n", 2]);
  await Promise.all([output.text(), child.status]);
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
