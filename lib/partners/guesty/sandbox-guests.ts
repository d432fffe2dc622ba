import { createRandom } from "../../local/sandbox/random.ts";
import { guestyId } from "./sandbox-ids.ts";

type State = Record<string, unknown>;

const languages = ["en", "de", "es", null] as const;

/** A guest as a single GET shows it (open-api-docs.guesty.com/docs/webhooks-guests); names and addresses are invented. */
export function guestAt(account: string, index: number): State {
  const random = createRandom(`${account} guest ${index}`);
  const email = random() < 0.9 ? `guest-${index + 1}@example.com` : null;
  const others = random() < 0.2 ? [`guest-${index + 1}.other@example.com`] : [];
  const phone = random() < 0.6 ? `+1202555${String(100 + (index % 100)).padStart(4, "0")}` : null;
  return {
    _id: guestyId("guest", account, index),
    accountId: account,
    firstName: "Example",
    lastName: `Guest ${index + 1}`,
    fullName: `Example Guest ${index + 1}`,
    email,
    emails: [...(email === null ? [] : [email]), ...others],
    phone,
    phones: phone === null ? [] : [phone],
    tags: random() < 0.2 ? ["returning"] : [],
    notes: random() < 0.3 ? `Note ${index + 1}` : "",
    goodToKnowNotes: "",
    preferredLanguage: languages[Math.floor(random() * languages.length)] ?? null,
    __v: 0,
  };
}

/** The same guest in the columns of the list, which has names of its own (open-api-docs.guesty.com/docs/fields-for-guest-reports). */
export function columnsOf(state: Readonly<State>): State {
  const { _id, email, emails, phone, phones, ...rest } = state;
  return {
    ...rest,
    id: _id,
    guestEmail: email,
    guestOtherEmails: othersIn(emails, email),
    guestPhone: phone,
    guestOtherPhones: othersIn(phones, phone),
  };
}

function othersIn(all: unknown, main: unknown): readonly unknown[] {
  return Array.isArray(all) ? all.filter((one) => one !== main) : [];
}
