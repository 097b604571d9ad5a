import { deepStrictEqual } from "node:assert/strict";
import {
  type AnsweringMember,
  checkEngine,
  type EngineFacts,
  type EngineMember,
} from "../../lib/diagnosis/engine_check.ts";

const GIBIBYTE = 2 ** 30;
const MEMBER: AnsweringMember = {
  ...{ url: "https://hub1:2379", trouble: undefined, version: "3.4.23" },
  ...{ hasLeader: true, dataBytes: 20_000_000, quotaBytes: 4 * GIBIBYTE },
  ...{ complaints: [], compactedRevision: undefined },
};
const GOOD: EngineFacts = {
  ...{ trouble: undefined, members: [MEMBER], hasLogin: true },
  ...{ keptBeatsMs: 7_200_000, otherSettings: [] },
};

/** What is found where something is otherwise, as `fail: text`. */
function found(other: Partial<EngineFacts>): readonly string[] {
  return checkEngine({ ...GOOD, ...other })
    .map(({ state, finding }) => `${state}: ${finding}`);
}

function foundOf(...others: readonly Partial<AnsweringMember>[]) {
  return found({ members: others.map((each) => ({ ...MEMBER, ...each })) });
}

Deno.test("checkEngine() finds nothing where all is good, and says what there is", () => {
  deepStrictEqual(found({}), ["ok: etcd 3.4.23 at 1 address, 20 MiB"]);
  deepStrictEqual(foundOf({}, { version: "3.5.16" }), [
    "ok: etcd 3.4.23, 3.5.16 at 2 of 2 addresses, 20 MiB",
  ]);
});

Deno.test("checkEngine() refuses releases that lose what they acknowledged", () => {
  const said = (version: string) => foundOf({ version })[0]?.slice(0, 4);
  const versions = "3.3.27 3.4.21 3.4.22 3.5.0 3.5.5 3.5.6 3.6.0 4.0.0 main";
  deepStrictEqual(
    versions.split(" ").map(said),
    "fail fail ok:  fail fail ok:  ok:  ok:  ok: ".match(/fail|ok: /g),
  );
});

Deno.test("checkEngine() warns of one that is away, and finds a fault where all are", () => {
  const { url } = MEMBER;
  const away: EngineMember = { url, trouble: "connection refused" };
  deepStrictEqual(found({ members: [MEMBER, away] }), [
    "warn: https://hub1:2379: connection refused",
  ]);
  deepStrictEqual(found({ members: [away] }), [
    "fail: https://hub1:2379: connection refused",
  ]);
  deepStrictEqual(foundOf({ hasLeader: false }), [
    "fail: https://hub1:2379: it knows no leader, and takes nothing",
  ]);
  deepStrictEqual(
    found({ trouble: { reason: "no login", hint: "write one" } }),
    ["fail: no login"],
  );
});

Deno.test("checkEngine() sees an engine that is full, nearly so, or has little room", () => {
  const text = "memberID:8630161756594109333 alarm:NOSPACE";
  deepStrictEqual(foundOf({ complaints: [text] }), [
    "fail: https://hub1:2379: etcd is full, and takes nothing",
  ]);
  deepStrictEqual(foundOf({ complaints: ["memberID:1 alarm:CORRUPT"] }), [
    "fail: https://hub1:2379: memberID:1 alarm:CORRUPT",
  ]);
  deepStrictEqual(
    foundOf({ dataBytes: 1.7 * GIBIBYTE, quotaBytes: 2 * GIBIBYTE }),
    ["warn: https://hub1:2379: 1741 MiB of 2048 MiB are used"],
  );
  deepStrictEqual(foundOf({ quotaBytes: GIBIBYTE }), [
    "warn: https://hub1:2379: it takes 1024 MiB only",
  ]);
  deepStrictEqual(foundOf({ quotaBytes: undefined })[0]?.slice(0, 2), "ok");
});

Deno.test("checkEngine() sees that nothing is compacted, that nobody has to log in, and other settings", () => {
  deepStrictEqual(found({ keptBeatsMs: 3 * 86_400_000 }), [
    "warn: etcd keeps every beat of the last 3 d: it compacts nothing, and will be full",
  ]);
  deepStrictEqual(found({ keptBeatsMs: undefined })[0]?.slice(0, 2), "ok");
  const open = { hasLogin: false };
  deepStrictEqual(found(open).map((each) => each.slice(0, 46)), [
    "warn: etcd is asked without a password: whoeve",
  ]);
  const local = { ...MEMBER, url: "http://127.0.0.1:2379" };
  deepStrictEqual(found({ ...open, members: [local] })[0]?.slice(0, 2), "ok");
  deepStrictEqual(found({ otherSettings: ["hub2"] }), [
    "warn: settings of [publisher] are others than those of hub2",
  ]);
});
