import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { ProgramView } from "../../lib/views/status_view.ts";
import { statusSocketPath } from "../../lib/service/status_socket.ts";
import { askStatus } from "./status_socket.ts";
import { PidFile } from "../../lib/service/io/pid_file.ts";

/** The running programs of a node on this host, by their pid files. */
export async function runningPrograms(
  { nodePidFiles }: ClusterConfig,
): Promise<readonly string[]> {
  const running: string[] = [];
  for (const [role, path] of Object.entries(nodePidFiles)) {
    if (await isRunning(path)) running.push(`fail2ban-${role}`);
  }
  return running;
}

/** The states of a node's programs on this host. */
export async function viewPrograms(
  { nodePidFiles }: ClusterConfig,
): Promise<readonly ProgramView[]> {
  return await Promise.all(
    (["monitor", "subscriber"] as const).map(async (role) => {
      const path = nodePidFiles[role];
      if (!await isRunning(path)) return { kind: "stopped", role };
      try {
        const report = await askStatus(statusSocketPath(path));
        return { kind: "running", role, report };
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        return { kind: "mute", role, reason: error.message };
      }
    }),
  );
}

/**
 * Whether the program of a pid file runs; `false` when this user may not read
 * the file.
 */
export async function isRunning(pidFile: string): Promise<boolean> {
  try {
    using seen = await PidFile.see(pidFile);
    return await seen?.runs() === true;
  } catch (error) {
    if (error instanceof RuntimeError) return false;
    throw error;
  }
}
