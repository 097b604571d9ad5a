/** Real programs that tests talk to, where they are installed. */
export type RealPart = "fail2ban" | "pyzmq";

const PROBES: Readonly<
  Record<RealPart, { package: string; command: string; args: string[] }>
> = {
  fail2ban: {
    package: "fail2ban",
    command: "fail2ban-server",
    args: ["--version"],
  },
  pyzmq: {
    package: "python3-zmq",
    command: "/usr/bin/python3",
    args: ["-c", "import zmq"],
  },
};

/** Whether a real part is installed. */
export function isInstalled(part: RealPart): boolean {
  const { command, args } = PROBES[part];
  try {
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Registers a test that needs a real part; without it the test is skipped and its name says why. */
export function testWith(
  part: RealPart,
  name: string,
  fn: () => Promise<void>,
): void {
  const ignore = !isInstalled(part);
  const reason = ignore
    ? ` (skipped: Debian's ${PROBES[part].package} is not installed)`
    : "";
  Deno.test({ name: name + reason, ignore, fn });
}
