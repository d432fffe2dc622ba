import type { Fauxqs, FauxqsMessage, FauxqsPersistence, FauxqsQueue, MessageExtras } from "./fauxqs.ts";

/** Loads what was kept and makes every later change durable, with what fauxqs's own persistence misses. */
export function makeDurable(fauxqs: Fauxqs): void {
  const { persistence } = fauxqs;
  mendVisibility(persistence);
  const extras = keepExtras(persistence);
  // Loading before the stores write through: fauxqs replaces a queue's row while it loads, which would delete its messages.
  persistence.load(fauxqs.queues, fauxqs.topics, fauxqs.buckets);
  fauxqs.queues.persistence = persistence;
  fauxqs.topics.persistence = persistence;
  fauxqs.buckets.persistence = persistence;
  for (const queue of fauxqs.queues.allQueues()) {
    queue.persistence = persistence;
    for (const message of messagesOf(queue)) {
      const kept = extras.get(message.messageId);
      if (kept !== undefined) message.extras = kept;
    }
  }
}

/** Removes messages past their queue's retention, which fauxqs keeps for ever. Returns how many. */
export function removeExpiredMessages(fauxqs: Fauxqs, nowMs: number): number {
  let removed = 0;
  for (const queue of fauxqs.queues.allQueues()) {
    if (queue.isFifo()) continue;
    const oldestMs = nowMs - Number(queue.attributes["MessageRetentionPeriod"] ?? 345_600) * 1000;
    const isExpired = (message: FauxqsMessage): boolean => message.sentTimestamp < oldestMs;
    const expired = messagesOf(queue).filter(isExpired);
    if (expired.length === 0) continue;
    fauxqs.persistence.transaction(() => {
      for (const message of expired) fauxqs.persistence.deleteMessage(message.messageId);
    });
    queue.messages = queue.messages.filter((message) => !isExpired(message));
    queue.delayedMessages = queue.delayedMessages.filter((message) => !isExpired(message));
    for (const [handle, entry] of queue.inflightMessages) {
      if (isExpired(entry.message)) queue.inflightMessages.delete(handle);
    }
    removed += expired.length;
  }
  return removed;
}

function messagesOf(queue: FauxqsQueue): FauxqsMessage[] {
  const inflight = [...queue.inflightMessages.values()].map((entry) => entry.message);
  return [...queue.messages, ...queue.delayedMessages, ...inflight];
}

/** fauxqs writes NULL into the receive count, which its own schema forbids, when a visibility is set to zero. */
function mendVisibility(persistence: FauxqsPersistence): void {
  const ready = persistence.db.prepare(
    "UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?",
  );
  persistence.updateMessageReady = (messageId) => void ready.run(messageId);
}

function keepExtras(persistence: FauxqsPersistence): Map<string, MessageExtras> {
  persistence.db.exec("CREATE TABLE IF NOT EXISTS message_extras (message_id TEXT PRIMARY KEY, extras TEXT NOT NULL)");
  const insert = persistence.db.prepare("INSERT OR REPLACE INTO message_extras (message_id, extras) VALUES (?, ?)");
  const remove = persistence.db.prepare("DELETE FROM message_extras WHERE message_id = ?");
  const insertMessage = persistence.insertMessage.bind(persistence);
  const deleteMessage = persistence.deleteMessage.bind(persistence);
  persistence.insertMessage = (queueName, message) => {
    if (message.extras !== undefined) insert.run(message.messageId, JSON.stringify(message.extras));
    insertMessage(queueName, message);
  };
  persistence.deleteMessage = (messageId) => {
    deleteMessage(messageId);
    remove.run(messageId);
  };
  const rows = persistence.db.prepare("SELECT message_id, extras FROM message_extras").all();
  // Written by the statement above and by nothing else.
  return new Map(rows.map((row) => [String(row["message_id"]), JSON.parse(String(row["extras"])) as MessageExtras]));
}
