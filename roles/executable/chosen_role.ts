/**
 * Chooses the program that the common executable runs, and finds the
 * permissions that this program does not need.
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

/** Programs chosen by the name of a link, or by the first argument. */
const CHOSEN = ["monitor", "node", "publisher", "subscriber"] as const;
/**
 * Names that are also verbs of the operator's command; as programs, a program's
 * verb follows.
 */
const SHARED: readonly RoleName[] = ["node", "publisher"];
const PROGRAM_VERB = /^(?:run|start|stop|restart|status|check|lift)$/;

/** The chosen program. */
export interface ChosenRole {
  readonly role: RoleName;
  /** The program's own arguments. */
  readonly args: readonly string[];
}

/** A set of permissions, as in `deno.json`. */
export interface PermissionSet {
  readonly env: readonly string[];
  readonly sys: readonly string[];
  readonly ffi?: boolean;
}

/**
 * Chooses by the executable's name, then by the first argument; otherwise the
 * operator's command.
 *
 * @param name The executable's name, with or without a folder.
 * @param argv The arguments.
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
 * The permissions to give up.
 *
 * @param all The executable's permissions.
 * @param own The permissions that the program needs.
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
