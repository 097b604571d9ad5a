/** What the kernel says of a process, in the order of `/proc/PID/stat` from the third field on. */
async function fields(pid: number): Promise<string[] | undefined> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // It ended between the opening and the reading.
    if (error instanceof Error && error.message.includes("os error 3")) {
      return undefined;
    }
    throw error;
  }
}

/** Whether a process is there and has not ended; nobody may have asked yet how it ended. */
export async function isRunning(pid: number): Promise<boolean> {
  const state = (await fields(pid))?.[0];
  return state !== undefined && !"ZX".includes(state);
}

/** The session that a process belongs to. */
export async function processSession(pid: number): Promise<number> {
  return Number((await fields(pid))?.[3]);
}

/** Up to which byte a process has read a file that it has open; `undefined`: it has not. */
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
