/**
 * Ports for programs under test.
 *
 * @module
 */

/** Below the system's range of ephemeral ports. */
const FIRST = 10_000;
const COUNT = 20_000;

/** The file that counts the assigned ports. */
export function givenPortsPath(): string {
  return `${Deno.env.get("TMPDIR") ?? "/tmp"}/fail2ban-cluster-test-ports`;
}

/** A port without a listener. */
export function freePort(): number {
  const [port = 0] = freePorts(1);
  return port;
}

/**
 * Ports without listeners. No port is assigned twice until all others were, in
 * all test processes of this machine: until its use a port is not reserved.
 */
export function freePorts(count: number): number[] {
  const path = givenPortsPath();
  using file = Deno.openSync(path, { read: true, write: true, create: true });
  file.lockSync(true);
  const ports: number[] = [];
  // Processes with another temporary folder count separately, so each starts at
  // a random port.
  const before = Deno.readTextFileSync(path);
  let given = before === ""
    ? Math.floor(Math.random() * COUNT)
    : Number(before);
  while (ports.length < count) {
    const port = FIRST + given++ % COUNT;
    if (isFree(port)) ports.push(port);
  }
  file.truncateSync();
  file.writeSync(new TextEncoder().encode(`${given % COUNT}`));
  return ports;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
