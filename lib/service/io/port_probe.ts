/**
 * Checks whether a port can be listened on.
 *
 * @module
 */

/**
 * Listens for a moment.
 *
 * @param hostname An address of this host, without brackets.
 * @param port The port.
 * @returns Why it can't listen, as half a sentence; `undefined`: it can.
 */
export function findPortTrouble(
  hostname: string,
  port: number,
): string | undefined {
  try {
    using _listener = Deno.listen({ hostname, port });
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      return `another program listens there (ss -ltnp 'sport = :${port}' shows which)`;
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      return "this host has no such address";
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      return "this user may not listen there";
    }
    if (!(error instanceof Error)) throw error;
    return error.message;
  }
}
