/** What a run's `waiting` means, in plain words. What is not a name of a wait is the code of an error that is being retried. */
export function waitInWords(waiting: string | null): string {
  if (waiting === null) return "It waits for a worker: its message is on the imports lane.";
  return Object.hasOwn(words, waiting)
    ? (words[waiting] ?? "")
    : `It failed with ${waiting} and is tried again, later each time.`;
}

const words: Readonly<Record<string, string>> = {
  limit: "Our share of the partner's limit is used up; it goes on when a call may be sent again.",
  "partner-limit": "The partner asked us to stay away for a while (429); the whole account waits with it.",
  breaker: "Calls to this partner are stopped, because too many of them failed.",
  paused: "Calls to this partner are paused.",
  "connection-paused": "Calls for this connection are paused.",
  "connection-breaker":
    "Calls for this connection are stopped, because too many of them failed; one is tried now and then.",
  "connection-needs-reconnect": "The partner takes this connection's credential no more; give it a new one.",
  lease: "Another worker has it in hand.",
  token: "A new access token is being fetched by another worker.",
  "token-limit": "The partner gives out no more access tokens for now: its number a day is used up.",
  time: "A worker's time was up; the next one goes on from there.",
  "fetched-at-once": "Two workers fetched the same thing at the same moment; one looks again.",
};
