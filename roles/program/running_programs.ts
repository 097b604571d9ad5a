import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { PidFile } from "../../lib/service/io/pid_file.ts";

/** The programs of a node that run on this host, by their pid files. */
export async function runningPrograms(
  { nodePidFiles }: ClusterConfig,
): Promise<readonly string[]> {
  const running: string[] = [];
  for (const [role, path] of Object.entries(nodePidFiles)) {
    if (await isRunning(path)) running.push(`fail2ban-${role}`);
  }
  return running;
}

/** Whether the program of a pid file runs. A file that this user may not read tells nothing. */
export async function isRunning(pidFile: string): Promise<boolean> {
  try {
    using seen = await PidFile.see(pidFile);
    return await seen?.runs() === true;
  } catch (error) {
    if (error instanceof RuntimeError) return false;
    throw error;
  }
}
