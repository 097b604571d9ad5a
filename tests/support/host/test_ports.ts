/**
 * Ports for programs under test.
 *
 * @module
 */

/** Below those that the system gives to whoever asks for any. */
const FIRST = 10_000;
const COUNT = 20_000;

/** The file that says how many were given. */
export function givenPortsPath(): string {
  return `${Deno.env.get("TMPDIR") ?? "/tmp"}/fail2ban-cluster-test-ports`;
}

/** A port that nothing listens on right now. */
export function freePort(): number {
  const [port = 0] = freePorts(1);
  return port;
}

/**
 * So many ports that nothing listens on right now. None is given twice until
 * all others were, to whatever runs tests here: between this and its use a port
 * is nobody's.
 */
export function freePorts(count: number): number[] {
  const path = givenPortsPath();
  using file = Deno.openSync(path, { read: true, write: true, create: true });
  file.lockSync(true);
  const ports: number[] = [];
  // Whoever has another folder for what is temporary counts beside us: it
  // begins elsewhere.
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
