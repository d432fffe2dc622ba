import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { UsageError } from "../usage-error.ts";
import { authKinds, defaultLimit, oneOf, pageKinds, readLimit, webhookKinds } from "./choices.ts";
import type { Said } from "./choices.ts";

const triesMax = 3;

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks one question; rejects when nobody is there any more to answer. */
type Question = (text: string) => Promise<string>;

/** Asks what was not said and matters: auth, pages, limits, webhooks. An empty answer is the first of what is offered. */
export async function askMissing(said: Said, terminal: Terminal): Promise<Said> {
  const lines = createInterface(terminal);
  const gone = once(lines, "close").then(() => {
    throw new UsageError("The input ended before all questions were answered. Nothing was written.");
  });
  // Closed at the end too, when nobody waits for it.
  gone.catch(() => undefined);
  const ask: Question = (text) => Promise.race([lines.question(text), gone]);
  const say = (line: string): void => void terminal.output.write(`${line}\n`);
  try {
    const auth = said.auth ?? (await choose(ask, say, "How are calls signed?", authKinds));
    const pages = said.pages ?? (await choose(ask, say, "How are lists cut into pages?", pageKinds));
    const limits = said.limits ?? (await askLimits(ask, say));
    const webhooks = said.webhooks ?? (await choose(ask, say, "How are webhooks signed?", webhookKinds));
    return { ...said, auth, pages, limits, webhooks };
  } finally {
    lines.close();
  }
}

function choose<const Value extends string>(
  ask: Question,
  say: (line: string) => void,
  question: string,
  offered: readonly [Value, ...Value[]],
): Promise<Value> {
  return askUntilRead(ask, say, `${question} ${offered.join(", ")} [${offered[0]}] `, (answer) =>
    oneOf("Your answer", answer === "" ? offered[0] : answer, offered),
  );
}

function askLimits(ask: Question, say: (line: string) => void): Promise<readonly string[]> {
  const question = `How many calls may an account make? Several limits with commas, such as 10/s,5000/h [${defaultLimit}] `;
  return askUntilRead(ask, say, question, (answer) => {
    const limits = (answer === "" ? defaultLimit : answer).split(",").map((limit) => limit.trim());
    limits.forEach(readLimit);
    return limits;
  });
}

/** Asks again when an answer is none, but not for ever: a script may be typing. */
async function askUntilRead<Answer>(
  ask: Question,
  say: (line: string) => void,
  question: string,
  read: (answer: string) => Answer,
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = (await ask(question)).trim();
    try {
      return read(answer);
    } catch (error) {
      if (!(error instanceof UsageError) || tries === triesMax) throw error;
      say(error.message);
    }
  }
}
