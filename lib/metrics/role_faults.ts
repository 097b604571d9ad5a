/**
 * The possible faults of each program, from its state.
 *
 * @module
 */

import type { ActionStanding } from "../enforce/enforcer.ts";
import type { PossibleFault } from "./health.ts";

/** The state of a monitor. */
export interface MonitorState {
  /** Age of the oldest unacknowledged report; `null`: there is none. */
  readonly oldestAgoMs: number | null;
  readonly publisherAnswers: boolean;
  readonly isLogUnderstood: boolean;
  /** Milliseconds of unusual silence of the log; `undefined`: none. */
  readonly logSilentMs: number | undefined;
  /**
   * Why fail2ban's bans don't reach the log; `undefined`: they do, or unknown.
   */
  readonly logTargetTrouble: string | undefined;
  /** Why the log position can't be stored; `undefined`: it can. */
  readonly placeTrouble: string | undefined;
}

/** The state of a publisher. */
export interface PublisherState {
  /**
   * Why nothing can be stored; `undefined`: storing works, as far as is known.
   */
  readonly storeTrouble: string | undefined;
}

/** The state of a subscriber. */
export interface SubscriberState {
  readonly isFollowing: boolean;
  readonly actions: readonly ActionState[];
  /** Whether its copy is stored on the disk. */
  readonly isCopyKept: boolean;
}

/** An action that keeps bans in force. */
export interface ActionState {
  readonly standing: ActionStanding;
  /** Why bans are not in force; `undefined`: no reason is known. */
  readonly lastReason: string | undefined;
  /**
   * Age of the known state of the bans in force, in seconds; `unknown`: not
   * known yet; `undefined`: never listed.
   */
  readonly inForceAgeSeconds: number | "unknown" | undefined;
}

/** How long a publisher may be away, for example during a restart. */
export const AWAY_GRACE_MS = 60_000;
/** How long a report may wait. */
const WAITING_LIMIT_MS = 60_000;
/** How long a wanted ban may be missing. */
const ENFORCING_GRACE_MS = 60_000;
/** Maximum age of the known state, which is listed every few seconds. */
const IN_FORCE_AGE_LIMIT_SECONDS = 60;
const AT_ONCE = { graceMs: 0 } as const;

/** The current conditions of a monitor. */
export function* monitorFaults(state: MonitorState): Generator<PossibleFault> {
  const { oldestAgoMs, logSilentMs, logTargetTrouble, placeTrouble } = state;
  if (oldestAgoMs !== null && oldestAgoMs >= WAITING_LIMIT_MS) {
    const words = `reports wait for the publisher since ${
      seconds(oldestAgoMs)
    }`;
    yield { name: "reports-waiting", words, ...AT_ONCE };
  }
  if (!state.publisherAnswers) yield publisherSilent();
  if (!state.isLogUnderstood) {
    const words = "no line of fail2ban's log begins as logformat says";
    yield { name: "log-not-understood", words, ...AT_ONCE };
  }
  if (logTargetTrouble !== undefined) {
    const words = `fail2ban's bans do not come to the log: ${logTargetTrouble}`;
    yield { name: "log-target", words, ...AT_ONCE };
  }
  if (logSilentMs !== undefined) {
    const words = `fail2ban's log says nothing since ${
      seconds(logSilentMs)
    }, which is longer than usual`;
    yield { name: "log-silent", words, ...AT_ONCE };
  }
  if (placeTrouble !== undefined) {
    const words = `the place in the log can't be stored: ${placeTrouble}`;
    yield { name: "place-not-kept", words, graceMs: AWAY_GRACE_MS };
  }
}

/** The current conditions of a publisher. */
export function* publisherFaults(
  { storeTrouble }: PublisherState,
): Generator<PossibleFault> {
  if (storeTrouble === undefined) return;
  const words = `reports can't be kept: ${storeTrouble}`;
  yield { name: "store", words, ...AT_ONCE };
}

/** The current conditions of a subscriber. */
export function* subscriberFaults(
  { isFollowing, actions, isCopyKept }: SubscriberState,
): Generator<PossibleFault> {
  if (!isFollowing) {
    const words = "the publisher's changes are not followed";
    yield { name: "stream-silent", words, graceMs: AWAY_GRACE_MS };
  }
  for (const action of actions) yield* actionFaults(action);
  if (!isCopyKept) {
    const words = "the copy of the bans can't be kept on the disk";
    yield { name: "copy-not-kept", words, graceMs: AWAY_GRACE_MS };
  }
}

function* actionFaults(
  { standing, lastReason, inForceAgeSeconds = 0 }: ActionState,
): Generator<PossibleFault> {
  const { name: action, wanted, inForce, refused } = standing;
  const missing = wanted - inForce - refused;
  const because = lastReason === undefined ? "" : `: ${lastReason}`;
  if (missing > 0) {
    yield {
      name: "actions-not-enforcing",
      words:
        `${action}: ${missing} of ${wanted} bans are not in force${because}`,
      graceMs: ENFORCING_GRACE_MS,
    };
  } else if (inForceAgeSeconds === "unknown") {
    yield {
      name: "actions-not-enforcing",
      words: `${action}: what is in force is not known${because}`,
      graceMs: ENFORCING_GRACE_MS,
    };
  } else if (inForceAgeSeconds > IN_FORCE_AGE_LIMIT_SECONDS) {
    const since = `since ${inForceAgeSeconds} s`;
    yield {
      name: "actions-not-enforcing",
      words: `${action}: what is in force is not known ${since}${because}`,
      ...AT_ONCE,
    };
  }
}

function publisherSilent(): PossibleFault {
  const words = "the publisher does not answer";
  return { name: "publisher-silent", words, graceMs: AWAY_GRACE_MS };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
