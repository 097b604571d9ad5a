/** How many descriptors this process has open. Linux only. */
export function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** How many descriptors a program has open that this one starts. Linux only. */
export function inheritedDescriptors(): number {
  const { stdout } = new Deno.Command("ls", { args: ["/proc/self/fd"] })
    .outputSync();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}
