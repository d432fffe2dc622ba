import * as z from "zod";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { PartnerError } from "../../engine/errors.ts";
import type { Job } from "../../engine/job.ts";
import { revokeToken } from "../../engine/oauth/revoke-token.ts";
import type { Connection, Note, Ports } from "../../engine/ports.ts";
import { done } from "../outcome.ts";
import type { Outcome } from "../outcome.ts";
import { readApp } from "./read-app.ts";

export type RevokePorts = Pick<
  Ports,
  "clock" | "connections" | "credentials" | "partnerSecrets" | "transport" | "metrics" | "log"
>;

const noteName = "revocation";
const Wish = z.object({ wishedAtMs: z.number(), isDone: z.boolean() });
type Wish = z.infer<typeof Wish>;

/** A removal waits this long for the partner to take the token back, and goes on without. */
const removalMsMax = 60_000;
const askAgainMs = 2_000;
/** After this nobody is left who could know the credential. */
const jobMs = 600_000;
/** One worker at most writes the note besides. */
const dropsMax = 4;

type Owner = Pick<Connection, "partner" | "connectionId">;

/**
 * Has a connection's token given back while there is a credential to know it by. The API may open none and calls no partner: the
 * wish is stored, and a job of the partner's own lane fulfils it. Returns when it is worth asking again, or null when there is
 * nothing left to wait for: a token that is still good then ends by itself.
 */
export async function wishRevoked(
  ports: Pick<Ports, "clock" | "connections" | "lanes">,
  { auth }: Pick<PartnerDriver, "auth">,
  { partner, connectionId }: Owner,
): Promise<number | null> {
  if (auth.kind !== "authorization-code" || auth.revokeUrl === undefined) return null;
  const nowMs = ports.clock.nowMs();
  const note = await ports.connections.readNote(partner, connectionId, noteName);
  const standing = Wish.safeParse(note?.body).data;
  const wish = standing ?? { wishedAtMs: nowMs, isDone: false };
  if (wish.isDone || nowMs >= wish.wishedAtMs + removalMsMax) return null;
  if (standing === undefined)
    await ports.connections.writeNote(noteOf({ partner, connectionId }, wish, (note?.revision ?? 0) + 1));
  // Again each time that somebody asks: the one before may never have been sent.
  await ports.lanes.send(revocationJob({ partner, connectionId }, nowMs), 0);
  return nowMs + askAgainMs;
}

/**
 * Takes the wish back. Called before another credential is stored and before a connection is made active again: a job that is
 * still under way must not give back the token that it is to work with, and a removal later on has to ask anew.
 */
export async function dropRevocation(
  ports: { readonly connections: Pick<Ports["connections"], "readNote" | "writeNote"> },
  { auth }: Pick<PartnerDriver, "auth">,
  { partner, connectionId }: Owner,
): Promise<"dropped" | "contended"> {
  if (auth.kind !== "authorization-code" || auth.revokeUrl === undefined) return "dropped";
  for (let tries = 0; tries < dropsMax; tries++) {
    const note = await ports.connections.readNote(partner, connectionId, noteName);
    if (note === null || !Wish.safeParse(note.body).success) return "dropped";
    const none = noteOf({ partner, connectionId }, {}, note.revision + 1);
    if ((await ports.connections.writeNote(none)) === "stored") return "dropped";
  }
  return "contended";
}

/**
 * The worker's part. Without a wish there is nothing to give back: a connection that is there keeps its token. The credential is
 * read before the wish, which is dropped before another credential is stored: so a wish that stands is about the one that was read.
 */
export async function revokeCredential(
  ports: RevokePorts,
  driver: PartnerDriver,
  { connectionId }: Pick<Job, "connectionId">,
): Promise<Outcome> {
  const { auth, name: partner } = driver;
  if (auth.kind !== "authorization-code" || connectionId === null) return done;
  const credential = await ports.credentials.read({ partner, connectionId }, { fresh: true });
  const note = await ports.connections.readNote(partner, connectionId, noteName);
  const wish = Wish.safeParse(note?.body).data;
  if (note === null || wish === undefined || wish.isDone) return done;
  const token = credential?.fields["refreshToken"] ?? credential?.fields["accessToken"];
  const app = await readApp(ports, driver);
  const send: RevokePorts["transport"]["send"] = (request) => ports.transport.send(request);
  const revocation =
    token === undefined ? "gone" : app === null ? "refused" : await revokeToken({ driver, auth, app, token, send });
  ports.metrics.count("TokensRevoked", 1, { partner, kind: revocation });
  if (revocation === "unknown") return { kind: "failed", error: notAnswered(driver), place: "revocation" };
  if (revocation === "refused")
    ports.log.warn("the partner does not take a token back; it ends by itself", { partner, connectionId });
  await ports.connections.writeNote(noteOf({ partner, connectionId }, { ...wish, isDone: true }, note.revision + 1));
  return done;
}

function noteOf({ partner, connectionId }: Owner, body: Wish | Record<string, never>, revision: number): Note {
  return { partner, owner: connectionId, name: noteName, revision, body };
}

function revocationJob({ partner, connectionId }: Owner, nowMs: number): Job {
  return {
    version: 1,
    id: `revocation-${connectionId}`,
    partner,
    connectionId,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + jobMs,
    trace: connectionId,
    replayOf: null,
    work: { kind: "revoke-credential" },
  };
}

function notAnswered({ name, title }: PartnerDriver): PartnerError {
  return new PartnerError({
    code: "revocation-unanswered",
    kind: "transient",
    partner: name,
    message: `${title} did not say whether it takes back the token of a connection that is being removed. It is asked again by itself.`,
    cause: { expected: "a 2xx answer", actual: "none, or a passing failure" },
  });
}
