/**
 * Faults of a soak: each occurs, lasts for a while, and is over when its
 * promise resolves.
 *
 * @module
 */

import type { SeededRandom } from "../values/seeded_random.ts";
import { fill } from "../store/store_faults.ts";
import { pass } from "../host/side_by_side.ts";
import {
  type Program,
  PROGRAMS,
  SOAK_HOSTS,
  type SoakCluster,
} from "./soak_cluster.ts";

/** The target and randomness of a fault. */
interface Circumstances {
  readonly soak: SoakCluster;
  readonly host: string;
  readonly program: Program;
  readonly random: SeededRandom;
}

/** A kind of fault, with its possible targets. */
interface Fault {
  readonly befalls: "host" | "program" | "hub";
  readonly run: (circumstances: Circumstances) => Promise<unknown>;
}

/** Range of a fault's duration, in milliseconds. */
const LEAST_MS = 1_000;
const MOST_MS = 8_000;

/** The faults by name, all equally likely. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  "kill -9": {
    befalls: "program",
    run: async (about) => await restart(about, "SIGKILL"),
  },
  "restart": {
    befalls: "program",
    run: async (about) => await restart(about, "SIGTERM"),
  },
  "SIGSTOP": {
    befalls: "program",
    run: async (about) => {
      const child = about.soak.program(about.program);
      child.signal("SIGSTOP");
      await lasts(about);
      child.signal("SIGCONT");
    },
  },
  "kill -9 of the publisher": {
    befalls: "hub",
    run: async (about) =>
      await restart({ ...about, program: ["publisher", "hub"] }, "SIGKILL"),
  },
  "the disk is full": {
    befalls: "hub",
    run: async (about) => {
      const filler = `${about.soak.cluster.stateDir("hub")}/filler`;
      await fill(filler);
      await lasts(about);
      await Deno.remove(filler);
    },
  },
  "the cable is cut": {
    befalls: "host",
    run: async (about) => {
      await about.soak.setLink(about.host, "down");
      await lasts(about);
      await about.soak.setLink(about.host, "up");
    },
  },
  "nft flush ruleset": {
    befalls: "host",
    run: async ({ soak, host }) => await soak.nft(host, "flush", "ruleset"),
  },
  "fail2ban reloads": {
    befalls: "host",
    run: async ({ soak, host }) => await soak.fail2ban(host).client("reload"),
  },
  "fail2ban restarts": {
    befalls: "host",
    run: async (about) => {
      const fail2ban = about.soak.fail2ban(about.host);
      await fail2ban.stop();
      await lasts(about);
      await fail2ban.start();
    },
  },
  "kill -9 of fail2ban": {
    befalls: "host",
    run: async (about) => {
      const fail2ban = about.soak.fail2ban(about.host);
      await fail2ban.stop("SIGKILL");
      await lasts(about);
      await fail2ban.start();
    },
  },
  "SIGSTOP of fail2ban": {
    befalls: "host",
    run: async (about) => {
      const fail2ban = about.soak.fail2ban(about.host);
      fail2ban.signal("SIGSTOP");
      await lasts(about);
      fail2ban.signal("SIGCONT");
    },
  },
  "unban --all": {
    befalls: "host",
    run: async ({ soak, host }) =>
      await soak.fail2ban(host).client("unban", "--all"),
  },
  "the log is rotated": {
    befalls: "host",
    run: async ({ soak, host }) => {
      const { logPath } = soak.fail2ban(host);
      await Deno.rename(logPath, `${logPath}.1`);
      await soak.fail2ban(host).client("flushlogs");
    },
  },
};

/** A randomly chosen fault. */
export interface ChosenFault {
  /** The fault and its target in words. */
  readonly what: string;
  /** Runs the fault, and resolves when it is over. */
  readonly run: () => Promise<void>;
}

/** Chooses the next fault; always draws the same number of random values. */
export function chooseFault(
  soak: SoakCluster,
  random: SeededRandom,
): ChosenFault {
  const [name, { befalls, run }] = oneOf(Object.entries(FAULTS), random);
  const host = oneOf(SOAK_HOSTS, random);
  const program = oneOf(PROGRAMS, random);
  const whom = { hub: "hub", host, program: program.join(" of ") }[befalls];
  return {
    what: `${name}: ${whom}`,
    run: async () => {
      await run({ soak, host, program, random });
    },
  };
}

/** A random element. */
export function oneOf<T>(some: readonly T[], random: SeededRandom): T {
  return some[Math.floor(random.below(some.length))] as T;
}

async function lasts({ random }: Circumstances): Promise<void> {
  await pass(LEAST_MS + random.below(MOST_MS - LEAST_MS));
}

async function restart(
  about: Circumstances,
  signal: "SIGKILL" | "SIGTERM",
): Promise<void> {
  const { soak, program } = about;
  const { code } = await soak.program(program).end(signal);
  if (signal === "SIGTERM" && code !== 0) {
    throw new Error(`${program.join(" of ")} ended with ${code}`);
  }
  await lasts(about);
  await soak.startProgram(program);
}
