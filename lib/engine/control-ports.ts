import type { Control } from "./control.ts";
import type { Job, Lane } from "./job.ts";

/** What people and breakers want; nothing is stored of what is at rest. */
export interface ControlStore {
  /** May be up to 5 seconds old; `fresh` asks the store. `connectionId` null: the whole partner. */
  read(partner: string, connectionId: string | null, options?: { readonly fresh: boolean }): Promise<Control>;
  /** Stores `next` if the stored revision is `next.revision - 1`. */
  compareAndSet(next: Control): Promise<"stored" | "superseded">;
  /** Connections whose control is not at rest, at most `limit`; a change may take a moment to show. */
  held(partner: string, limit: number): Promise<readonly Control[]>;
}

/** The event source mappings of one partner's lanes: whether Lambda polls them. */
export interface Mappings {
  list(): Promise<readonly { readonly lane: Lane; readonly state: MappingState }[]>;
  /** Asynchronous, as on AWS: the state follows. A mapping that is changing may refuse; it is looked at again. */
  set(lane: Lane, enabled: boolean): Promise<void>;
}

export type MappingState = "enabled" | "disabled" | "changing";

/** A job of a held connection, kept whole until the connection is held no more. */
export interface ParkedJob {
  readonly partner: string;
  readonly connectionId: string;
  readonly job: Job;
  readonly reason: string;
  /** Which parking of the job it is: one that was parked again is not removed with the former. */
  readonly stamp: string;
}

/** That a connection has parked jobs, and when to look at them next. */
export interface Parking {
  readonly partner: string;
  readonly connectionId: string;
  readonly reason: string;
  readonly nextLookMs: number;
  readonly revision: number;
}

export interface ParkedJobs {
  /** Keeps a job; the same job again takes its place. `untilMs` counts for the connection's first job. */
  park(job: Job, parking: Pick<Parking, "connectionId" | "reason"> & { readonly untilMs: number }): Promise<void>;
  /** Connections with parked jobs whose time to look has come, longest overdue first. */
  due(partner: string, nowMs: number, limit: number): Promise<readonly Parking[]>;
  /** The oldest first; fewer than `limit` where they are large, and none only when there are none. */
  list(partner: string, connectionId: string, limit: number): Promise<readonly ParkedJob[]>;
  /** After its job was sent. */
  remove(parked: ParkedJob): Promise<void>;
  /** Says when to look next; null when nothing is left. Superseded where a job was parked meanwhile. */
  look(parking: Parking, nextLookMs: number | null): Promise<"stored" | "superseded">;
  /** The connection is held no more: look now. Nothing happens where nothing is parked. */
  wake(partner: string, connectionId: string, nowMs: number): Promise<void>;
  /** Counted up to 10,000; `connectionId` null: of the first 100 connections that have some. */
  count(partner: string, connectionId: string | null): Promise<number>;
}
