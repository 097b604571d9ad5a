/**
 * The fields of `/proc/PID/stat` from the third on; `undefined` when the
 * process is gone.
 */
async function fields(pid: number): Promise<string[] | undefined> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // It ended between open and read.
    if (error instanceof Error && error.message.includes("os error 3")) {
      return undefined;
    }
    throw error;
  }
}

/** Whether a process runs; a zombie does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const state = (await fields(pid))?.[0];
  return state !== undefined && !"ZX".includes(state);
}

/** The session of a process. */
export async function processSession(pid: number): Promise<number> {
  return Number((await fields(pid))?.[3]);
}

/**
 * The read position of a process in a file that it has open; `undefined` when
 * it has not.
 */
export async function readUpTo(
  pid: number,
  path: string,
): Promise<number | undefined> {
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`)
      .catch(() => undefined);
    if (target !== path) continue;
    const info = await Deno.readTextFile(`/proc/${pid}/fdinfo/${name}`);
    return Number(/^pos:\s+(\d+)$/m.exec(info)?.[1]);
  }
  return undefined;
}
