/**
 * A private `/dev`, so that a test can be the syslog daemon, whatever listens
 * on the host's `/dev/log`. Needs the part `mountns` of `real_parts.ts`.
 *
 * @module
 */

import { DatagramReceiver } from "./datagram_receiver.ts";

const DEVICES = "null zero full random urandom tty";

/**
 * Mounts the folder with the host's devices over `/dev`, and executes a
 * program.
 */
const SCRIPT = `set -e
dev=$1
shift
mount -t tmpfs tmpfs "$dev"
for device in ${DEVICES}; do
  : > "$dev/$device"
  mount --bind "/dev/$device" "$dev/$device"
done
ln -s "$dev.log" "$dev/log"
mount --move "$dev" /dev
exec "$@"`;

/** Runs programs for which a socket in a test's folder is `/dev/log`. */
export class PrivateDev {
  readonly #dev: string;

  private constructor(dev: string) {
    this.#dev = dev;
  }

  /** @param dir A folder that is removed after the test. */
  static async create(dir: string): Promise<PrivateDev> {
    await Deno.mkdir(`${dir}/dev`);
    return new PrivateDev(`${dir}/dev`);
  }

  /** Path of the socket that is these programs' `/dev/log`. */
  get socketPath(): string {
    return `${this.#dev}.log`;
  }

  /** Listens on this socket. */
  listen(): DatagramReceiver {
    return new DatagramReceiver(this.socketPath);
  }

  /** The command of a program that sees this `/dev`. */
  wrap(
    command: string,
    ...args: string[]
  ): { command: string; args: string[] } {
    const shell = ["/bin/sh", "-c", SCRIPT, "sh", this.#dev];
    return {
      command: "unshare",
      args: ["--mount", ...shell, command, ...args],
    };
  }
}
