import { partnerOfConnectionId } from "../../engine/connection-id.ts";
import type { Eraser } from "../../engine/erasure.ts";
import type { CredentialAttempts } from "../../engine/oauth/credential-attempt.ts";
import type { ConnectionStore, FailureStore } from "../../engine/ports.ts";
import { notFound, problem } from "./problem.ts";
import type { ApiPorts } from "./request.ts";

/**
 * The ports as a key that is bound to a tenant sees them: what belongs to another tenant is not there. Everything that a
 * route shows or changes it reaches through a connection, a failure, an attempt or an erasure; records, runs and history
 * are keyed by connections that were read here first. So no route has to remember whose call it is.
 */
export function tenantPortsOf(ports: ApiPorts, tenantId: string): ApiPorts {
  const connections = connectionsOf(ports.connections, tenantId);
  return {
    ...ports,
    connections,
    failures: failuresOf(ports.failures, connections),
    attempts: attemptsOf(ports.attempts, tenantId),
    eraser: eraserOf(ports.eraser, tenantId),
  };
}

function connectionsOf(store: ConnectionStore, tenantId: string): ConnectionStore {
  return {
    async read(partner, connectionId) {
      const connection = await store.read(partner, connectionId);
      return connection?.tenantId === tenantId ? connection : null;
    },
    async create(connection) {
      if (connection.tenantId !== tenantId) throw notFound("such tenant");
      return store.create(connection);
    },
    list: (_wanted, page) => store.list(tenantId, page),
    // What is due is asked of a whole partner, by nothing that a tenant's key may call.
    due: async () => [],
    dueLooks: async () => [],
    async findByAccount(partner, account) {
      const holder = await store.findByAccount(partner, account);
      return holder?.tenantId === tenantId ? holder : null;
    },
    isGone: (partner, of) => store.isGone(partner, of),
    compareAndSet: (next) => store.compareAndSet(next),
    remove: (partner, connectionId) => store.remove(partner, connectionId),
    readResource: (partner, connectionId, resource) => store.readResource(partner, connectionId, resource),
    listResources: (partner, connectionId) => store.listResources(partner, connectionId),
    createResource: (state) => store.createResource(state),
    compareAndSetResource: (next) => store.compareAndSetResource(next),
    readNote: (partner, owner, name) => store.readNote(partner, owner, name),
    writeNote: (next) => store.writeNote(next),
  };
}

/** Failures are listed by connection alone: by partner, they would have to be read of every tenant first. */
function failuresOf(store: FailureStore, connections: Pick<ConnectionStore, "read">): FailureStore {
  const isOwn = async (partner: string | null, connectionId: string): Promise<boolean> =>
    partner !== null && (await connections.read(partner, connectionId)) !== null;
  return {
    record: (failure) => store.record(failure),
    async read(partner, connectionId, failureId) {
      return (await isOwn(partner, connectionId)) ? store.read(partner, connectionId, failureId) : null;
    },
    async move(failure, from, to, nowMs, seenUntilMs) {
      const own = await isOwn(failure.partner, failure.connectionId);
      return own ? store.move(failure, from, to, nowMs, seenUntilMs) : "not-there";
    },
    async openBefore(of, seenBeforeMs, limit) {
      return (await isOwn(of.partner, of.connectionId)) ? store.openBefore(of, seenBeforeMs, limit) : [];
    },
    async list(filter, page) {
      const { connectionId } = filter;
      if (connectionId === undefined) {
        const message = "A key that is bound to a tenant has failures of one connection at a time: name it.";
        throw problem(400, "connection-required", message, "connectionId");
      }
      const partner = partnerOfConnectionId(connectionId);
      if (partner === null || !(await isOwn(partner, connectionId))) throw notFound("such connection");
      return store.list({ ...filter, partner }, page);
    },
  };
}

function attemptsOf(store: CredentialAttempts, tenantId: string): CredentialAttempts {
  return {
    async read(partner, attemptId) {
      const attempt = await store.read(partner, attemptId);
      return attempt?.tenantId === tenantId ? attempt : null;
    },
    create: (attempt) => store.create(attempt),
    compareAndSet: (next) => store.compareAndSet(next),
    forget: (attempt) => store.forget(attempt),
    removeOf: () => store.removeOf(tenantId),
  };
}

function eraserOf(eraser: Eraser, tenantId: string): Eraser {
  return {
    async read(partner, connectionId) {
      const erasure = await eraser.read(partner, connectionId);
      return erasure?.tenantId === tenantId ? erasure : null;
    },
    ofTenant: (_wanted, limit) => eraser.ofTenant(tenantId, limit),
    mark: (erasure) => eraser.mark(erasure),
    clear: (kind, of) => eraser.clear(kind, of),
    clearRecords: (scope, externalIds) => eraser.clearRecords(scope, externalIds),
    clearStates: (scope, externalId, of) => eraser.clearStates(scope, externalId, of),
    kept: (of, after) => eraser.kept(of, after),
    clearKept: (of, kept) => eraser.clearKept(of, kept),
    count: (of, after) => eraser.count(of, after),
  };
}
