import { cursorsStayBehind } from "./cursors-stay-behind.ts";
import { drainedStartsNothing } from "./drained-starts-nothing.ts";
import { eventsMatchHistory } from "./events-match-history.ts";
import { everythingEnds } from "./everything-ends.ts";
import { heldLanesStandStill } from "./held-lanes-stand-still.ts";
import { historyIsWhole } from "./history-is-whole.ts";
import { historyRebuilds } from "./history-rebuilds.ts";
import type { InvariantOf } from "./invariant.ts";
import { limitsAreKept } from "./limits-are-kept.ts";
import { newerStays } from "./newer-stays.ts";
import { nothingSpins } from "./nothing-spins.ts";
import { nothingLiveIsDeleted } from "./nothing-live-is-deleted.ts";
import { nudgesSpeakOfWhatIsStored } from "./nudges-speak-of-what-is-stored.ts";
import { oneRunAtATime } from "./one-run-at-a-time.ts";
import { probesAreBounded } from "./probes-are-bounded.ts";
import { purgesAreFollowedByAPass } from "./purges-are-followed-by-a-pass.ts";
import { recordsConverge } from "./records-converge.ts";
import { runsMoveForward } from "./runs-move-forward.ts";
import { webhooksAreReflected } from "./webhooks-are-reflected.ts";
import { workersThrowFaultsOnly } from "./workers-throw-faults-only.ts";

export const invariants: Readonly<Record<string, InvariantOf>> = {
  "limits are kept": limitsAreKept,
  "records converge": recordsConverge,
  "nothing live is deleted": nothingLiveIsDeleted,
  "newer stays": newerStays,
  "webhooks are reflected": webhooksAreReflected,
  "cursors stay behind what is saved": cursorsStayBehind,
  "runs move forward": runsMoveForward,
  "one run at a time": oneRunAtATime,
  "nudges speak of what is stored": nudgesSpeakOfWhatIsStored,
  "everything ends": everythingEnds,
  "nothing spins": nothingSpins,
  "probes are bounded": probesAreBounded,
  "held lanes stand still": heldLanesStandStill,
  "drained starts nothing": drainedStartsNothing,
  "purges are followed by a pass": purgesAreFollowedByAPass,
  "history is whole": historyIsWhole,
  "history rebuilds the records": historyRebuilds,
  "events match history": eventsMatchHistory,
  "workers throw faults only": workersThrowFaultsOnly,
};
