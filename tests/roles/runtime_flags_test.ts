import { ok, strictEqual } from "node:assert/strict";
import { RUNTIME_FLAGS } from "../../roles/program/runtime_flags.ts";
import { roleCommand } from "../support/cluster/test_cluster.ts";

const PROGRAM = new URL(
  "../support/cluster/programs/young_heap.ts",
  import.meta.url,
);

/** How large the young generation becomes, in MiB. */
async function youngMib(flags: readonly string[]): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", ...flags, PROGRAM.href],
  }).output();
  const decoder = new TextDecoder();
  ok(success, decoder.decode(stderr));
  return Number(decoder.decode(stdout));
}

Deno.test("RUNTIME_FLAGS hold the young generation at an eighth of what it takes without them", async () => {
  const [bounded, usual] = [await youngMib(RUNTIME_FLAGS), await youngMib([])];
  strictEqual(bounded, 8);
  ok(usual >= 4 * bounded, `${usual} MiB without them`);
});

Deno.test("programs under test are told what those of a release are", () => {
  const { args } = roleCommand("subscriber");
  if (Deno.env.has("F2BC_BIN")) return;
  ok(RUNTIME_FLAGS.every((flag) => args.includes(flag)), args.join(" "));
});
