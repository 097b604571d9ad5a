import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { GenerationWatch } from "../../lib/nftables/nft_generation.ts";
import { MemoryFirewall } from "../support/memory/memory_firewall.ts";

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
  watch.begin();
  generation++;
  watch.ended(true);
  watch.seen(mark);
  strictEqual(watch.isUnchanged(), true);
});

Deno.test("GenerationWatch sees a change that comes together with own ones, also where the number begins again", () => {
  let generation = 0xffff_fffe;
  const watch = new GenerationWatch({ read: () => generation });
  watch.seen(watch.mark());
  for (let change = 0; change < 4; change++) {
    watch.begin();
    generation = (generation + 1) >>> 0;
    watch.ended(true);
    strictEqual(watch.isUnchanged(), true);
  }
  watch.begin();
  generation = (generation + 2) >>> 0;
  watch.ended(true);
  strictEqual(watch.isUnchanged(), false);
});

function watchOf(firewall: MemoryFirewall): GenerationWatch {
  const watch = new GenerationWatch(firewall, { events: firewall });
  watch.seen(watch.mark());
  return watch;
}

Deno.test("GenerationWatch is certain where others change other tables only, between own changes too", () => {
  const firewall = new MemoryFirewall();
  const watch = watchOf(firewall);
  for (let round = 0; round < 3; round++) {
    firewall.change("another");
    watch.begin();
    firewall.change("fail2ban_cluster");
    watch.ended(true);
    firewall.change("another");
    strictEqual(watch.isUnchanged(), true);
    deepStrictEqual(watch.takeDeleted(), []);
  }
});

Deno.test("GenerationWatch names once what others took out of the table", () => {
  const firewall = new MemoryFirewall();
  const watch = watchOf(firewall);
  firewall.change("another");
  firewall.take("banned4", [203, 0, 113, 7]);
  firewall.take("banned4_24", [198, 51, 100, 0]);
  strictEqual(watch.isUnchanged(), false);
  deepStrictEqual(watch.takeDeleted(), ["203.0.113.7", "198.51.100.0/24"]);
  deepStrictEqual(watch.takeDeleted(), []);
  strictEqual(watch.isUnchanged(), true);
});

const UNCERTAIN: Readonly<
  Record<string, (firewall: MemoryFirewall, watch: GenerationWatch) => void>
> = {
  "does something else to the table": (firewall) => {
    firewall.take("banned4", [203, 0, 113, 7]);
    firewall.change("fail2ban_cluster");
  },
  "changes something during an own change": (firewall, watch) => {
    watch.begin();
    firewall.change("fail2ban_cluster");
    firewall.change("another");
    watch.ended(true);
  },
  "changes something while this program fails to": (firewall, watch) => {
    watch.begin();
    firewall.change("another");
    watch.ended(false);
  },
  "changes more than the kernel can tell": (firewall) => {
    firewall.isOverrun = true;
    firewall.change("another");
  },
  "changes something of which the kernel tells nothing": (firewall) => {
    firewall.isDeaf = true;
    firewall.change("another");
  },
};

for (const [what, change] of Object.entries(UNCERTAIN)) {
  Deno.test(`GenerationWatch is certain of nothing where another ${what}, until all is listed`, () => {
    const firewall = new MemoryFirewall();
    const watch = watchOf(firewall);
    change(firewall, watch);
    for (let look = 0; look < 2; look++) {
      strictEqual(watch.isUnchanged(), false);
      strictEqual(watch.takeDeleted(), undefined);
    }
    firewall.isOverrun = firewall.isDeaf = false;
    watch.seen(watch.mark());
    strictEqual(watch.isUnchanged(), true);
  });
}

Deno.test("GenerationWatch hears what others change while all is listed", () => {
  const firewall = new MemoryFirewall();
  const watch = watchOf(firewall);
  const mark = watch.mark();
  firewall.take("banned6", [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1]);
  watch.seen(mark);
  deepStrictEqual(watch.takeDeleted(), ["2001:db8::1"]);
});
