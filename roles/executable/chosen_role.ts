/**
 * Which program the executable of all of them is this time, and what of the
 * executable's permissions that program has no use for.
 *
 * @module
 */

/** A program. */
export type RoleName =
  | "cluster"
  | "monitor"
  | "node"
  | "publisher"
  | "subscriber";

/** Those that an executable is by the name of a link to it, or by its first argument. */
const CHOSEN = ["monitor", "node", "publisher", "subscriber"] as const;
/** The operator's command has these words, too: programs are what a verb of theirs follows. */
const SHARED: readonly RoleName[] = ["node", "publisher"];
const PROGRAM_VERB = /^(?:run|start|stop|restart|status|check|lift)$/;

/** What was chosen. */
export interface ChosenRole {
  readonly role: RoleName;
  /** Its own arguments. */
  readonly args: readonly string[];
}

/** A set of permissions, as `deno.json` has them. */
export interface PermissionSet {
  readonly env: readonly string[];
  readonly sys: readonly string[];
  readonly ffi?: boolean;
}

/**
 * Chooses: by the name, else by the first argument, else it is the operator's
 * command.
 *
 * @param name What it was called by, with or without a folder.
 * @param argv Its arguments.
 */
export function chooseRole(
  name: string,
  argv: readonly string[],
): ChosenRole {
  const [first, ...rest] = argv;
  const called = name.slice(name.lastIndexOf("/") + 1);
  for (const role of CHOSEN) {
    if (called === `fail2ban-${role}`) return { role, args: argv };
    if (first !== role) continue;
    if (!SHARED.includes(role) || PROGRAM_VERB.test(rest[0] ?? "")) {
      return { role, args: rest };
    }
  }
  return { role: "cluster", args: argv };
}

/**
 * What is to be given up.
 *
 * @param all What the executable may.
 * @param own What the program needs.
 */
export function surplusOf(
  all: PermissionSet,
  own: PermissionSet,
): readonly Deno.PermissionDescriptor[] {
  const env = all.env.filter((variable) => !own.env.includes(variable));
  const sys = all.sys.filter((kind) => !own.sys.includes(kind));
  return [
    ...env.map((variable) => ({ name: "env", variable }) as const),
    ...sys.map((kind) =>
      ({ name: "sys", kind }) as Deno.SysPermissionDescriptor
    ),
    ...(all.ffi === true && own.ffi !== true ? [{ name: "ffi" } as const] : []),
  ];
}
