/** What a process has used so far. Linux only. */
export interface ProcessUsage {
  /** Processor time in seconds, in the kernel and out of it. */
  readonly cpuSeconds: number;
  /** The same of those of its children that have ended. */
  readonly childrenSeconds: number;
  /** Resident memory now, in bytes. */
  readonly residentBytes: number;
  /** The most resident memory it had since {@link forgetPeak}, or since its start, in bytes. */
  readonly peakBytes: number;
}

/** Clock ticks in a second, as Linux shows them to programs. */
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
 * Has a process's peak begin anew, at what is resident now; or what it took to
 * start would count as what it took since.
 */
export async function forgetPeak(pid: number): Promise<void> {
  // See proc(5): 5 resets the peak, and nothing else.
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
}

function kilobytes(status: string, name: string): number {
  const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  if (value === undefined) throw new Error(`No ${name} in the status`);
  return Number(value);
}
