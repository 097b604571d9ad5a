import { ok } from "node:assert/strict";
import { RUNTIME_FLAGS } from "../../roles/program/runtime_flags.ts";
import { roleCommand } from "../support/cluster/test_cluster.ts";

const PROGRAM = new URL(
  "../support/cluster/programs/young_heap.ts",
  import.meta.url,
);

/** What they bound it to: its two halves. */
const LIMIT_MIB = 8;

/** How large the young generation is in nine of ten looks, in MiB. */
async function youngMib(flags: readonly string[]): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", ...flags, PROGRAM.href],
  }).output();
  const decoder = new TextDecoder();
  ok(success, decoder.decode(stderr));
  return Number(decoder.decode(stdout));
}

Deno.test("RUNTIME_FLAGS bound the young generation, which grows above that without them", async () => {
  const bounded = await youngMib(RUNTIME_FLAGS);
  ok(bounded <= LIMIT_MIB, `${bounded} MiB`);
  const usual = await youngMib([]);
  ok(usual > LIMIT_MIB, `${usual} MiB without them`);
});

Deno.test("programs under test are told what those of a release are", () => {
  const { args } = roleCommand("subscriber");
  if (Deno.env.has("F2BC_BIN")) return;
  ok(RUNTIME_FLAGS.every((flag) => args.includes(flag)), args.join(" "));
});
