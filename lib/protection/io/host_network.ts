/**
 * This host's own addresses, gateways and name servers.
 *
 * Deno lets only programs with all permissions open files below `/proc`. These
 * programs have fewer, so they read the routing tables through libc.
 *
 * @module
 */

import type { Address } from "../../base/address.ts";
import { RuntimeError } from "../../base/errors.ts";
import {
  defaultGateways4,
  defaultGateways6,
  nameServers,
  singleAddress,
} from "../proc_net.ts";
import type { HostNetwork, HostNetworkSource } from "../ports.ts";
import { libcName } from "../../log/libc_name.ts";

/** Options for {@link SystemHostNetwork}: the system's files. */
export interface SystemHostNetworkOptions {
  /** @default {"/proc/net/route"} */
  readonly routes4Path?: string;
  /** Missing where IPv6 is off. @default {"/proc/net/ipv6_route"} */
  readonly routes6Path?: string;
  /**
   * With systemd-resolved the first file names only its local stub; the second
   * file has the servers.
   */
  readonly resolverPaths?: readonly string[];
}

const O_RDONLY = 0;
const CHUNK_BYTES = 65_536;
/** Maximum size read of a router's table: default routes come first. */
const MAX_BYTES = 4 << 20;

/** A {@link HostNetworkSource} of Linux. */
export class SystemHostNetwork implements HostNetworkSource {
  readonly #options: Required<SystemHostNetworkOptions>;

  /** @param options See {@link SystemHostNetworkOptions}. */
  constructor(options: SystemHostNetworkOptions = {}) {
    this.#options = {
      routes4Path: "/proc/net/route",
      routes6Path: "/proc/net/ipv6_route",
      resolverPaths: ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"],
      ...options,
    };
  }

  async read(): Promise<HostNetwork> {
    const problems: string[] = [];
    const attempt = async <T>(look: () => T | Promise<T>) => {
      try {
        return await look();
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        problems.push(error.message);
        return undefined;
      }
    };
    return {
      own: await attempt(ownAddresses),
      gateways: await attempt(() => this.#gateways()),
      resolvers: await attempt(() => this.#resolvers()),
      problems,
    };
  }

  #gateways(): readonly Address[] {
    const { routes4Path, routes6Path } = this.#options;
    const routes4 = readThroughLibc(routes4Path);
    if (routes4 === undefined) {
      throw new RuntimeError(`cannot read ${routes4Path}`);
    }
    return [
      ...defaultGateways4(routes4),
      ...defaultGateways6(readThroughLibc(routes6Path) ?? ""),
    ];
  }

  async #resolvers(): Promise<readonly Address[]> {
    const texts = await Promise.all(this.#options.resolverPaths.map(readText));
    return [...new Set(texts.flatMap(nameServers))];
  }
}

function ownAddresses(): readonly Address[] {
  return interfaces().flatMap(({ address }) => singleAddress(address) ?? []);
}

function interfaces(): readonly Deno.NetworkInterfaceInfo[] {
  try {
    return Deno.networkInterfaces();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RuntimeError("cannot list this host's interfaces", { cause });
  }
}

/** Reads a file; `""` where there is none. */
async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new RuntimeError(`cannot read ${path}`, { cause: error });
  }
}

/** Reads a file through libc; `undefined` where it can't be opened. */
function readThroughLibc(path: string): string | undefined {
  const libc = Deno.dlopen(libcName(Deno.build.os), {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const { open, read, close } = libc.symbols;
  const descriptor = open(new TextEncoder().encode(`${path}\0`), O_RDONLY);
  try {
    if (descriptor < 0) return undefined;
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(CHUNK_BYTES);
    let text = "";
    while (text.length < MAX_BYTES) {
      const count = Number(read(descriptor, chunk, BigInt(chunk.length)));
      if (count <= 0) break;
      text += decoder.decode(chunk.subarray(0, count), { stream: true });
    }
    return text;
  } finally {
    if (descriptor >= 0) close(descriptor);
    libc.close();
  }
}
