/** Resources that a process has used. Linux only. */
export interface ProcessUsage {
  /** CPU time in user and kernel mode, in seconds. */
  readonly cpuSeconds: number;
  /** CPU time of its children that have ended, in seconds. */
  readonly childrenSeconds: number;
  /** Current resident memory, in bytes. */
  readonly residentBytes: number;
  /**
   * Peak resident memory since {@link forgetPeak}, or since its start, in
   * bytes.
   */
  readonly peakBytes: number;
}

/** Clock ticks per second in Linux's user interface. */
const TICKS_PER_SECOND = 100;

/** Reads `/proc/PID/stat` and `/proc/PID/status`. */
export async function processUsage(pid: number): Promise<ProcessUsage> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    childrenSeconds: (Number(fields[13]) + Number(fields[14])) /
      TICKS_PER_SECOND,
    residentBytes: kilobytes(status, "VmRSS") * 1024,
    peakBytes: kilobytes(status, "VmHWM") * 1024,
  };
}

/**
 * Resets a process's peak memory to its current one, so that the peak of its
 * start does not count.
 */
export async function forgetPeak(pid: number): Promise<void> {
  // See proc(5): 5 resets only the peak.
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
}

function kilobytes(status: string, name: string): number {
  const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  if (value === undefined) throw new Error(`No ${name} in the status`);
  return Number(value);
}
