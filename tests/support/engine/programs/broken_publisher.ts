/**
 * A publisher with a broken shared log. Its first argument names the defect:
 * see `broken_appends.ts`.
 *
 * @module
 */

import { SystemClock } from "../../../../lib/async/io/system_clock.ts";
import { EtcdLog } from "../../../../lib/engine/etcd_log.ts";
import { PROGRAM } from "../../../../roles/publisher.ts";
import { runProgram } from "../../../../roles/program/role_program.ts";
import { BROKEN_LOGS, type BrokenLogName } from "../broken_appends.ts";

/** Replaces the writes of the program's log. */
function breakLogs(name: BrokenLogName): void {
  const { append, beat } = EtcdLog.prototype;
  const broken = new WeakMap<EtcdLog, ReturnType<typeof writesOf>>();
  const writesOf = (log: EtcdLog) =>
    BROKEN_LOGS[name]({
      append: (...args) => append.apply(log, args),
      beat: (...args) => beat.apply(log, args),
    }, new SystemClock());
  const writes = (log: EtcdLog) =>
    broken.getOrInsertComputed(log, () => writesOf(log));
  EtcdLog.prototype.append = function (...args) {
    return writes(this).append(...args);
  };
  EtcdLog.prototype.beat = function (...args) {
    return writes(this).beat(...args);
  };
}

if (import.meta.main) {
  const [name = "", ...argv] = Deno.args;
  // A test passed it as a name of this type.
  breakLogs(name as BrokenLogName);
  Deno.exit(await runProgram(PROGRAM, argv));
}
