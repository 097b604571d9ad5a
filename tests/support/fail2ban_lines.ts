/** Lines as fail2ban 1.x writes them, for tests that need no fail2ban. */

/** What a line of now begins with, in local time as fail2ban has it. */
function prefix(): string {
  const now = new Date();
  const two = (part: number) => String(part).padStart(2, "0");
  const date = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()];
  const ms = String(now.getMilliseconds()).padStart(3, "0");
  const stamp = `${date.map(two).join("-")} ${time.map(two).join(":")},${ms}`;
  return `${stamp} fail2ban.actions        [10390]: NOTICE `;
}

/** The line of a ban. */
export function banLine(jail: string, address: string): string {
  return `${prefix()} [${jail}] Ban ${address}\n`;
}

/** The line of an unban. */
export function unbanLine(jail: string, address: string): string {
  return `${prefix()} [${jail}] Unban ${address}\n`;
}

/** The `index`-th of 65,536 different addresses. */
export function testAddress(index: number): string {
  return `198.18.${index >> 8 & 255}.${index & 255}`;
}

/** Appends to a log, as fail2ban does. */
export async function appendLog(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { append: true, create: true });
}
