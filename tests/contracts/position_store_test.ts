import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { PositionFile } from "../../lib/tail/io/position_file.ts";
import type { LogPosition, PositionStore } from "../../lib/tail/ports.ts";
import { MemoryPositions } from "../support/memory/fake_ports.ts";
import { TempDir } from "../support/host/temp_dir.ts";

const POSITION: LogPosition = {
  device: 2_049,
  inode: 123_456,
  offsetBytes: 7,
  fingerprint: "0123456789abcdef0123456789abcdef",
};

/** What a store may be made to do. */
interface Subject {
  readonly store: PositionStore;
  /** Makes storing fail from now on. */
  breakStore(): Promise<void>;
}

/** What every store of places does. */
const BEHAVIOURS: Readonly<
  Record<string, (subject: Subject) => Promise<void>>
> = {
  "knows no place at first": async ({ store }) => {
    strictEqual(await store.load(), undefined);
  },
  "gives a stored place back as it was": async ({ store }) => {
    for (
      const position of [POSITION, { ...POSITION, fingerprint: "" }, {
        ...POSITION,
        rotations: 3,
        modifiedMs: 1_795_552_735_000,
      }]
    ) {
      await store.save(position);
      deepStrictEqual(await store.load(), position);
    }
  },
  "goes by the last place that was stored": async ({ store }) => {
    for (const offsetBytes of [7, 700_000_000_000, 0]) {
      await store.save({ ...POSITION, offsetBytes });
      strictEqual((await store.load())?.offsetBytes, offsetBytes);
    }
  },
  "keeps the place before when it can't store another, and says so": async (
    { store, breakStore },
  ) => {
    await store.save(POSITION);
    await breakStore();
    await rejects(store.save({ ...POSITION, offsetBytes: 8 }), RuntimeError);
    deepStrictEqual(await store.load(), POSITION);
  },
};

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`MemoryPositions ${behaviour}`, async () => {
    const store = new MemoryPositions();
    const breakStore = () => {
      store.failure = new RuntimeError("no room");
      return Promise.resolve();
    };
    await show({ store, breakStore });
  });

  Deno.test(`PositionFile ${behaviour}`, async () => {
    await using dir = await TempDir.create();
    const path = dir.path("a.position");
    const store = new PositionFile(path);
    await show({ store, breakStore: () => Deno.mkdir(`${path}.new`) });
  });
}
