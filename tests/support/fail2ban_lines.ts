/** Lines as fail2ban 1.x writes them, for tests that need no fail2ban. */

const PREFIX =
  "2026-11-22 14:04:14,285 fail2ban.actions        [10390]: NOTICE ";

/** The line of a ban. */
export function banLine(jail: string, address: string): string {
  return `${PREFIX} [${jail}] Ban ${address}\n`;
}

/** The line of an unban. */
export function unbanLine(jail: string, address: string): string {
  return `${PREFIX} [${jail}] Unban ${address}\n`;
}

/** The `index`-th of 65,536 different addresses. */
export function testAddress(index: number): string {
  return `198.18.${index >> 8 & 255}.${index & 255}`;
}

/** Appends to a log, as fail2ban does. */
export async function appendLog(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { append: true, create: true });
}
