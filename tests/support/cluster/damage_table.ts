/**
 * Tests of damaged files: a test for each file of a role, a step for each way
 * in which it may be damaged.
 *
 * @module
 */

import { deepStrictEqual, ok } from "node:assert/strict";
import { type Damage, damageFile } from "../host/damaged_file.ts";
import { DamagedHosts } from "./damaged_hosts.ts";
import { assertNoBug, startMended } from "./mended_start.ts";
import { sideBySide } from "../host/side_by_side.ts";
import { timeStop } from "../host/stop_time.ts";
import type { RoleName } from "./test_cluster.ts";

/** What comes of a damage: the program goes on, or is refused until a command was run. */
export type Expected = "goes on" | "refused";

/** A file of a role, and what comes of each damage of it. */
export interface DamagedFile {
  readonly role: RoleName;
  /** Its path from `statedir`. */
  readonly file: string;
  readonly expected: Readonly<Partial<Record<Damage, Expected>>>;
  /** Whether a program that goes on without it says so. */
  readonly isTold?: boolean;
}

/** Registers the test of a file. */
export function testDamaged(
  { role, file, expected, isTold = false }: DamagedFile,
): void {
  Deno.test(`${role}: ${file}, damaged in each way`, async (t) => {
    const damages = Object.entries(expected) as [Damage, Expected][];
    const nameOf = (damage: Damage) => `host-${damage}`;
    await using hosts = await DamagedHosts.create(
      role,
      damages.map(([damage]) => nameOf(damage)),
      /-(wal|shm)$/.test(file) ? "SIGKILL" : "SIGTERM",
    );
    const step = async (damage: Damage, outcome: Expected) => {
      const host = nameOf(damage);
      await damageFile(hosts.path(host, file), damage);
      const { child, commands } = await startMended(
        hosts.cluster,
        role,
        host,
      );
      deepStrictEqual(
        commands.length === 0 ? "goes on" : "refused",
        outcome,
        commands.join("; "),
      );
      await hosts.works(host);
      assertNoBug(child);
      const said = child.stderr.join("\n");
      const path = hosts.path(host, file.replace(/-wal$/, ""));
      ok(!isTold || outcome === "refused" || said.includes(path), said);
      const { code, tookMs, limitMs } = await timeStop(child);
      deepStrictEqual(code, 0, child.stderr.join("\n"));
      ok(tookMs < limitMs, `it took ${tookMs} ms, not ${limitMs}`);
    };
    await sideBySide(
      t,
      Object.fromEntries(
        damages.map(([damage, outcome]) => [
          `${damage}: ${outcome}`,
          () => step(damage, outcome),
        ]),
      ),
    );
  });
}

/** The same for all ways. */
export function always(outcome: Expected): DamagedFile["expected"] {
  const [empty, garbage, cut, folder, pipe] = Array(5).fill(outcome);
  return { empty, garbage, cut, folder, pipe };
}
