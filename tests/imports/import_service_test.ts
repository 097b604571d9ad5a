import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { LIST_JAIL, parseImportName } from "../../lib/base/operator_name.ts";
import { ImportBench } from "../support/cluster/import_bench.ts";
import { waitUntil } from "../support/host/wait_until.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { address } from "../support/values/core_values.ts";
import {
  ABUSEIPDB_ANSWER,
  BLOCKLIST_DE,
  CSCLI_DECISIONS,
  CSF_DENY,
  DROP_LIST,
} from "../support/values/published_lists.ts";

const HOUR_MS = 3_600_000;

Deno.test("an import bans what its list names, and tells each line that is refused", async () => {
  await using bench = new ImportBench().start();
  const list =
    `${DROP_LIST}192.0.2.200 ; allowed\n10.0.0.0/8 ; own\nfoo\n198.18.0.0/12\n203.0.113.0/24\n`;
  deepStrictEqual(await bench.import(list, "--widest", "16"), [
    "drop: 9 entries; 3 new, 1 twice, 5 refused",
    "  line 8: 2001:db8:1f00::/40 is wider than /48",
    "  line 9: 192.0.2.200 is refused: allowlist has 192.0.2.128/25      line 10: 10.0.0.0/8 is private",
    '  line 11: "foo" is no address      line 12: "198.18.0.0/12" is no network: its host bits are set',
  ]);
  deepStrictEqual(bench.banned, [
    "198.18.4.0/22 import:drop",
    "198.19.0.0/16 import:drop",
    "203.0.113.0/24 import:drop",
  ]);
  deepStrictEqual(bench.deeds, [
    "root|import|drop|3 entries for 1d, 5 refused",
  ]);
  const ban = bench.hub.table.find({
    jail: LIST_JAIL,
    address: address("203.0.113.0/24"),
  });
  ok(ban);
  strictEqual(ban.isPending, false);
  strictEqual(
    ban.reports[0]?.expiresMs,
    bench.clock.nowMs() + 24 * HOUR_MS,
  );
});

Deno.test("lists of each shape are imported with their counts", async () => {
  const shapes = [
    [BLOCKLIST_DE, "4 entries; 3 new, 1 refused"],
    [ABUSEIPDB_ANSWER, "3 entries; 2 new, 1 refused"],
    [CSCLI_DECISIONS, "4 entries; 2 new, 2 refused"],
    [CSF_DENY, "4 entries; 2 new, 2 refused"],
  ] as const;
  for (const [text, counts] of shapes) {
    await using bench = new ImportBench().start();
    const [line] = await bench.import(text);
    strictEqual(line, `drop: ${counts}`);
  }
});

Deno.test("the same list again changes nothing, and its bans end later once that counts", async () => {
  await using bench = new ImportBench().start();
  await bench.import(DROP_LIST, "--widest", "16", "--widest6", "32");
  const { seq } = bench.hub.table;
  const again = () =>
    bench.import(DROP_LIST, "--widest", "16", "--widest6", "32");
  const stand = ["drop: 4 entries; 4 stand"];
  deepStrictEqual(await again(), stand);
  bench.clock.movedMs += 2 * HOUR_MS;
  deepStrictEqual(await again(), stand);
  strictEqual(bench.hub.table.seq, seq);
  bench.clock.movedMs += HOUR_MS;
  deepStrictEqual(await again(), stand);
  strictEqual(bench.hub.table.seq, seq + 4);
  for (const { reports: [report] } of bench.hub.table.bans()) {
    strictEqual(report?.expiresMs, bench.clock.nowMs() + 24 * HOUR_MS);
  }
  await bench.import(
    DROP_LIST,
    "--widest",
    "16",
    "--widest6",
    "32",
    "--for",
    "1h",
  );
  for (const { reports: [report] } of bench.hub.table.bans()) {
    strictEqual(report?.expiresMs, bench.clock.nowMs() + HOUR_MS);
  }
});

Deno.test("the same name again replaces a list by the difference", async () => {
  await using bench = new ImportBench().start();
  await bench.import("198.51.100.1\n198.51.100.2\n198.51.100.3\n");
  const { seq } = bench.hub.table;
  deepStrictEqual(
    await bench.import("198.51.100.2\n198.51.100.3\n198.51.100.4\n"),
    ["drop: 3 entries; 1 new, 1 gone, 2 stand"],
  );
  strictEqual(bench.hub.table.seq, seq + 2);
  await bench.type(
    "198.51.100.2\n",
    "import",
    "-",
    "--name",
    "b",
    "--for=-1",
  );
  deepStrictEqual(bench.banned, [
    "198.51.100.2 import:drop import:b",
    "198.51.100.3 import:drop",
    "198.51.100.4 import:drop",
  ]);
  deepStrictEqual(await bench.type("", "imports"), [
    "NAME  ENTRIES  STAND  IMPORTED  ENDS IN",
    "b           1      1  0 s       never",
    "drop        3      3  0 s       1 d",
  ]);
  deepStrictEqual(await bench.type("", "import", "--remove", "drop"), [
    "drop: 3 gone",
  ]);
  deepStrictEqual(bench.banned, ["198.51.100.2 import:b"]);
  await rejects(
    bench.type("", "import", "--remove", "drop"),
    /no import is called drop/,
  );
});

Deno.test("a list that is dangerous is refused whole", async () => {
  const special = "198.51.100.1\n0.0.0.0/8\n";
  const many = (count: number, line: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => `${line(at)}\n`).join("");
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [special, [], /line 2: 0\.0\.0\.0\/8 \(unspecified\)/],
    [`198.51.100.1\n${many(11, (at) => `10.0.0.${at}`)}`, [], /in 11 places/],
    [
      `198.51.100.1\n192.0.2.129\n`,
      ["--tolerate", "0"],
      /192\.0\.2\.129 \(allowlist\)/,
    ],
    [
      many(3, (at) => `${16 * at + 16}.0.0.0/8`),
      ["--widest", "8"],
      /1\.2 % of all IPv4/,
    ],
    ["198.51.100.1\n224.0.0.0/3\n", ["--tolerate", "9"], /12\.5 % of all IPv4/],
    ["0.0.0.0/0\n", ["--tolerate", "9"], /100\.0 % of all IPv4/],
    ["", [], /nothing in it can be banned/],
    ["10.0.0.1\n", [], /nothing in it can be banned/],
    [
      many(9, () => "foo").concat("198.51.100.1\n"),
      [],
      /9 of its places name no address/,
    ],
    [BLOCKLIST_DE, ["--max", "3"], /it has 4 entries/],
  ];
  await using bench = new ImportBench().start();
  for (const [text, options, message] of cases) {
    await rejects(
      bench.import(text, ...options),
      (error) =>
        error instanceof RuntimeError && message.test(error.message) &&
        error.message.includes("refused as a whole, nothing was changed"),
      `${text.slice(0, 40)} ${options}`,
    );
  }
  strictEqual(bench.hub.table.seq, 0);
  deepStrictEqual(bench.store.imports.all(), []);
  deepStrictEqual(bench.deeds, []);
});

Deno.test("a list that has been good is not stopped by a line, nor is one of which that is said", async () => {
  await using bench = new ImportBench().start();
  const special = "198.51.100.1\n0.0.0.0/8\n10.0.0.0/8\n";
  const told =
    "  line 2: 0.0.0.0/8 is special      line 3: 10.0.0.0/8 is private";
  deepStrictEqual(await bench.import(special, "--tolerate", "10"), [
    "drop: 3 entries; 1 new, 2 refused",
    told,
  ]);
  deepStrictEqual(await bench.import(special), [
    "drop: 3 entries; 1 stands, 2 refused",
    told,
  ]);
  await rejects(bench.import(special, "--tolerate", "1"), /refused as a whole/);
  deepStrictEqual(bench.banned, ["198.51.100.1 import:drop"]);
});

Deno.test("an operator's lift holds as long as the list goes on naming the address", async () => {
  await using bench = new ImportBench().start();
  const both = "198.51.100.1\n198.51.100.2\n";
  await bench.import(both);
  bench.clock.movedMs += 1_000;
  await bench.lift("198.51.100.1");
  bench.clock.movedMs += HOUR_MS;
  deepStrictEqual(await bench.import(both), [
    "drop: 2 entries; 1 stands, 1 stays lifted",
  ]);
  bench.clock.movedMs += 20 * HOUR_MS;
  deepStrictEqual(await bench.import(`${both}198.51.100.3\n`), [
    "drop: 3 entries; 1 new, 1 stands, 1 stays lifted",
  ]);
  await bench.import("198.51.100.2\n");
  bench.clock.movedMs += HOUR_MS;
  deepStrictEqual(await bench.import(both), [
    "drop: 2 entries; 1 new, 1 stands",
  ]);
});

Deno.test("an import that is cut off before its list is taken has changed nothing", async () => {
  const store = new MemoryBanStore();
  {
    await using bench = new ImportBench(store).start();
    await bench.import("198.51.100.1\n");
    bench.gone.abort(new Error("Whoever typed it is gone"));
    await rejects(bench.import(BLOCKLIST_DE), /is gone/);
  }
  // As a run leaves it that ends while it stages.
  await store.imports.stage(store.imports.newList(), [
    { address: address("198.51.100.9"), sinceMs: 0 },
  ]);
  await using bench = new ImportBench(store).start();
  await waitUntil(() => store.imports.newList() === 2, {
    what: "what was staged to be swept away",
  });
  deepStrictEqual(bench.banned, ["198.51.100.1 import:drop"]);
});

Deno.test("an import that is cut off once its list is taken is carried out at the next start", async () => {
  const store = new MemoryBanStore();
  {
    await using bench = new ImportBench(store).start();
    await bench.import("198.51.100.1\n198.51.100.2\n");
  }
  const [before] = store.imports.all();
  ok(before);
  const list = store.imports.newList();
  await store.imports.stage(list, [
    { address: address("198.51.100.2"), sinceMs: 0 },
    { address: address("198.51.100.3"), sinceMs: 0 },
  ]);
  await store.imports.take({ ...before, list, entries: 2, state: "taken" });
  await using bench = new ImportBench(store).start();
  await waitUntil(() => store.imports.all()[0]?.state === "settled", {
    what: "the import to be settled",
  });
  deepStrictEqual(bench.banned, [
    "198.51.100.2 import:drop",
    "198.51.100.3 import:drop",
  ]);
  await waitUntil(
    () => store.imports.entries(before.list, undefined, 1).length === 0,
    {
      what: "the list before to be swept away",
    },
  );
});

Deno.test("what can't be stored is told, and what was taken is tried again", async () => {
  const store = new MemoryBanStore();
  await using bench = new ImportBench(store).start();
  store.failure = new RuntimeError("the disk is full");
  await rejects(bench.import("198.51.100.1\n"), /the disk is full/);
  deepStrictEqual(store.imports.all(), []);
  store.failure = undefined;
  const { imports } = store;
  const take = imports.take.bind(imports);
  imports.take = async (imported) => {
    await take(imported);
    store.failure = new RuntimeError("the disk is full");
  };
  await rejects(bench.import("198.51.100.1\n"), /the disk is full/);
  imports.take = take;
  store.failure = undefined;
  await waitUntil(() => bench.banned.length === 1, { what: "the ban" });
  await waitUntil(() => imports.all()[0]?.state === "settled", {
    what: "the import to be settled",
  });
});

Deno.test("a list that is not whole is forgotten, and another of its name begins anew", async () => {
  await using bench = new ImportBench().start();
  const { service } = bench;
  const name = parseImportName("drop");
  ok(name);
  const order = {
    ...{ by: "root", name, unit: "line" as const, forMs: null },
    ...{ widest4: null, widest6: null, tolerate: null, max: 9, faults: 0 },
  };
  const begun = service.begin(order);
  ok(begun.kind === "upload");
  const { upload } = begun;
  const part = { upload, from: 1, addresses: [address("198.51.100.1")] };
  service.add(part);
  deepStrictEqual(service.begin(order), { kind: "upload", upload: upload + 1 });
  await rejects(
    () => Promise.resolve().then(() => service.add(part)),
    /no longer has/,
  );
  await rejects(service.end(upload, bench.gone.signal).next(), /no longer has/);
  const others = ["b", "c"].map((text) => ({
    ...order,
    name: parseImportName(text) ?? name,
  }));
  const [second, third] = others;
  ok(second && third);
  service.begin(second);
  await rejects(
    () => Promise.resolve().then(() => service.begin(third)),
    /being imported/,
  );
});

Deno.test("after any lists the bans are those of the last, but what operators lifted", async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("list" as const),
      hosts: fc.uniqueArray(fc.nat({ max: 11 }), { minLength: 1 }),
      hours: fc.constantFrom(0, 1, 30),
    }),
    fc.record({
      kind: fc.constant("lift" as const),
      host: fc.nat({ max: 11 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      await using bench = new ImportBench().start();
      let last = new Set<number>();
      const lifted = new Set<number>();
      for (const step of steps) {
        bench.clock.movedMs += 10;
        if (step.kind === "lift") {
          if (
            bench.banned.some((each) =>
              each.startsWith(`198.51.100.${step.host} `)
            )
          ) {
            lifted.add(step.host);
          }
          await bench.lift(`198.51.100.${step.host}`);
          continue;
        }
        bench.clock.movedMs += step.hours * HOUR_MS;
        bench.hub.expire();
        await bench.import(
          step.hosts.map((host) => `198.51.100.${host}\n`).join(""),
        );
        const next = new Set(step.hosts);
        for (const host of lifted) {
          if (!next.has(host)) lifted.delete(host);
        }
        last = next;
        deepStrictEqual(
          bench.banned,
          [...last].filter((host) => !lifted.has(host))
            .map((host) => `198.51.100.${host} import:drop`).sort(),
        );
      }
    }),
    { numRuns: 60 },
  );
});
