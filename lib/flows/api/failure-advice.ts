import type { GiveUp } from "../../engine/ports.ts";

/** What a failure means, and what to do about it, in plain words. */
export interface Advice {
  readonly means: string;
  readonly toDo: string;
}

/** By code where there is something particular to say, else by kind. */
export function adviceFor(why: Pick<GiveUp, "kind" | "code">): Advice {
  return Object.hasOwn(byCode, why.code) ? (byCode[why.code] ?? byKind[why.kind]) : byKind[why.kind];
}

const byKind: Readonly<Record<GiveUp["kind"], Advice>> = {
  transient: {
    means: "The partner failed or could not be reached, each time that it was tried.",
    toDo: "See the partner's status page; replay when it works again.",
  },
  rate: {
    means: "The partner's limit left no room for this for too long.",
    toDo: "See what else uses the same quota, or lower the schedule; then replay.",
  },
  client: {
    means: "The partner refused the call as wrong: asking the same again will not help.",
    toDo: "Read the call that failed; mend the connection's settings or the driver, then replay.",
  },
  auth: {
    means: "The partner refused the connection's credential, or the credential may not read this.",
    toDo: "Give the connection a new credential or more rights at the partner, then replay.",
  },
  data: {
    means: "What the partner sent is not what its driver expects; it was kept aside and the rest went on.",
    toDo: "Compare the message with the driver's schema; mend the driver or ask the partner, then replay.",
  },
  stale: {
    means: "The work was too old to be done when its turn came.",
    toDo: "Synchronise the connection, which fetches what is true now; then discard this.",
  },
  crash: {
    means: "Workers took this job and did not come back with it.",
    toDo: "Look for its trace in the functions' logs: it takes too long or too much memory. Mend that, then replay.",
  },
};

const byCode: Readonly<Record<string, Advice>> = {
  "connection-not-found": {
    means: "A rightly signed webhook belongs to no connection here.",
    toDo: "Connect its account, or have the partner call the connection's own webhook address; then replay.",
  },
  "connection-paused": {
    means: "It came while its connection was paused.",
    toDo: "Make the connection active again, then replay.",
  },
  "connection-needs-reconnect": {
    means: "It came while its connection had no credential that works.",
    toDo: "Give the connection a new credential, then replay.",
  },
  "claim-missing": {
    means: "The webhook's large body was kept in the bucket, and its time there has passed.",
    toDo: "Synchronise the connection, which fetches the same things; then discard this.",
  },
  "too-many-parts": {
    means: "One post held the events of more accounts than any partner has; none of it was followed.",
    toDo: "Synchronise the connections, which fetches the same things; then discard this, and ask the partner for smaller posts.",
  },
  "too-many-touches": {
    means: "One event named more things than any partner's does; none of them was fetched.",
    toDo: "Synchronise the connection, which fetches the same things; then discard this.",
  },
  "account-missing": {
    means: "The connection does not say, as its partner's page asks, which account its calls are made for.",
    toDo: "Delete the connection and connect the account again with its id; then discard this.",
  },
  "not-a-job": {
    means: "A message on the partner's queue was not written by Sluice.",
    toDo: "Find who else writes to the queue; then discard this.",
  },
  "deletions-held": {
    means: "A full pass saw nothing, or missed more than a fifth of what is known; nothing was deleted.",
    toDo: "Look at the partner. Replay to pass over everything again and delete what it says is gone; discard to keep all.",
  },
  "answer-too-large": {
    means: "The partner's answer was larger than one call may take into memory.",
    toDo: "Ask for smaller pages in the driver, then replay.",
  },
};
