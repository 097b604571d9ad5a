/**
 * Registers tests of damaged files: one test per file of a role, one step per
 * kind of damage.
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

/**
 * The effect of damage: the program continues, or is refused until a command
 * was run.
 */
export type Expected = "goes on" | "refused";

/** A file of a role, with the effect of each kind of damage. */
export interface DamagedFile {
  readonly role: RoleName;
  /** Path relative to `statedir`. */
  readonly file: string;
  readonly expected: Readonly<Partial<Record<Damage, Expected>>>;
  /** Whether a program that continues without it logs that. */
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

/** The same effect for all kinds. */
export function always(outcome: Expected): DamagedFile["expected"] {
  const [empty, garbage, cut, folder, pipe] = Array(5).fill(outcome);
  return { empty, garbage, cut, folder, pipe };
}
