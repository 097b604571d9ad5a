import { strictEqual } from "node:assert/strict";
import { GenerationWatch } from "../../lib/nftables/nft_generation.ts";

Deno.test("GenerationWatch is certain of nothing without a source, before the first list, and after a change of which nobody knows", () => {
  const blind = new GenerationWatch({ read: () => undefined });
  blind.seen(blind.mark());
  strictEqual(blind.isUnchanged(), false);
  strictEqual(new GenerationWatch(undefined).isUnchanged(), false);

  const watch = new GenerationWatch({ read: () => 3 });
  strictEqual(watch.isUnchanged(), false);
  watch.seen(watch.mark());
  strictEqual(watch.isUnchanged(), true);
  watch.mayHaveChanged();
  strictEqual(watch.isUnchanged(), false);
});

Deno.test("GenerationWatch counts own changes that are made between mark and seen", () => {
  let generation = 10;
  const watch = new GenerationWatch({ read: () => generation });
  const mark = watch.mark();
  generation++;
  watch.changed();
  watch.seen(mark);
  strictEqual(watch.isUnchanged(), true);
});

Deno.test("GenerationWatch sees a change that comes together with own ones, also where the number begins again", () => {
  let generation = 0xffff_fffe;
  const watch = new GenerationWatch({ read: () => generation });
  watch.seen(watch.mark());
  for (let change = 0; change < 4; change++) {
    generation = (generation + 1) >>> 0;
    watch.changed();
    strictEqual(watch.isUnchanged(), true);
  }
  generation = (generation + 2) >>> 0;
  watch.changed();
  strictEqual(watch.isUnchanged(), false);
});
