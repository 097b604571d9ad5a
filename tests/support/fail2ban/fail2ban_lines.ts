/** Lines as fail2ban 1.x writes them, for tests that need no fail2ban. */

/** The beginning of a line, in local time like fail2ban. */
function prefix(atMs: number): string {
  const now = new Date(atMs);
  const two = (part: number) => String(part).padStart(2, "0");
  const date = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()];
  const ms = String(now.getMilliseconds()).padStart(3, "0");
  const stamp = `${date.map(two).join("-")} ${time.map(two).join(":")},${ms}`;
  return `${stamp} fail2ban.actions        [10390]: NOTICE `;
}

/** The line of a ban, by default at the current time. */
export function banLine(
  jail: string,
  address: string,
  atMs = Date.now(),
): string {
  return `${prefix(atMs)} [${jail}] Ban ${address}\n`;
}

/** The line of an unban. */
export function unbanLine(jail: string, address: string): string {
  return `${prefix(Date.now())} [${jail}] Unban ${address}\n`;
}

/** The `index`-th of 131,072 different addresses. */
export function testAddress(index: number): string {
  return `198.${18 + (index >> 16 & 1)}.${index >> 8 & 255}.${index & 255}`;
}

/** Appends to a log, as fail2ban does. */
export async function appendLog(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { append: true, create: true });
}

/** The addresses `from` to `to`, and the lines of their bans. */
export function bansOf(
  from: number,
  to: number,
): { readonly sent: readonly string[]; readonly text: string } {
  const sent = Array.from(
    { length: to - from },
    (_, index) => testAddress(from + index),
  );
  return { sent, text: sent.map((each) => banLine("sshd", each)).join("") };
}
