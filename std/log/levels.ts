/**
 * Stands in for `@std/log/levels` where JSR can't be reached, for the part of
 * it that this project uses.
 *
 * @see {@link https://jsr.io/@std/log/doc/levels | @std/log/levels}
 * @module
 */

/** How much a record matters, as a number. */
export const LogLevels = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARN: 30,
  ERROR: 40,
  CRITICAL: 50,
} as const;

/** A value of {@link LogLevels}. */
export type LogLevel = typeof LogLevels[LevelName];

/** A name in {@link LogLevels}. */
export type LevelName = keyof typeof LogLevels;

/**
 * Gives the number of a level.
 *
 * @param name The level's name.
 * @throws {Error} when there is no such level.
 */
export function getLevelByName(name: LevelName): LogLevel {
  const level = LogLevels[name];
  if (level === undefined) {
    throw new Error(`Cannot get log level: no level named ${name}`);
  }
  return level;
}

/**
 * Gives the name of a level.
 *
 * @param level The level's number.
 * @throws {Error} when there is no such level.
 */
export function getLevelName(level: LogLevel): LevelName {
  const name = NAMES.get(level);
  if (name !== undefined) return name;
  throw new Error(`Cannot get log level: no name for level: ${level}`);
}

const NAMES: ReadonlyMap<LogLevel, LevelName> = new Map(
  Object.entries(LogLevels).map(([name, level]) => [level, name as LevelName]),
);
