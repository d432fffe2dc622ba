/** `acme-pay` → `acmePay`, and another word where that is taken already: `new` → `newPartner`. */
export function identifierOf(name: string): string {
  const identifier = name.replaceAll(/-([a-z0-9])/g, (_dash, letter: string) => letter.toUpperCase());
  return taken.has(identifier) ? `${identifier}Partner` : identifier;
}

/** `acme-pay` → `Acme Pay`. */
export function titleOf(name: string): string {
  return name.split("-").map(capitalised).join(" ");
}

/** `paymentIntents` → `payment-intents`, `payment_intents`. */
export function dashed(camelCase: string, dash: "-" | "_" = "-"): string {
  return camelCase.replaceAll(/[A-Z]/g, (letter) => dash + letter.toLowerCase());
}

export function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** Words of the language, and names that a driver, its test or the list of partners use themselves. */
const taken: ReadonlySet<string> = new Set(
  (
    "arguments async await break case catch class const continue debugger default delete do else enum eval export extends " +
    "false finally for function if implements import in instanceof interface let new null package private protected " +
    "public return static super switch this throw true try typeof undefined var void while with yield " +
    "customer decimal expect extra feed guest join money order pages partners payment present product property raw read " +
    "reservation resource root statuses test things webhook"
  ).split(" "),
);
