/** Number of this process's open descriptors. Linux only. */
export function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Number of open descriptors in a child of this process. Linux only. */
export function inheritedDescriptors(): number {
  const { stdout } = new Deno.Command("ls", { args: ["/proc/self/fd"] })
    .outputSync();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}
