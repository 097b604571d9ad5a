import { output } from "../fail2ban/fail2ban_server.ts";

/** Established connections to a port of this host, from Linux's `ss`. */
export async function connectionsAt(
  url: string,
  within: readonly string[] = [],
): Promise<number> {
  const port = new URL(url).port;
  const [command = "ss", ...args] = [
    ...within,
    ...["ss", "-Htn", "state", "established", `sport = :${port}`],
  ];
  const text = await output(command, ...args);
  return text.split("\n").filter((line) => line !== "").length;
}
