import * as z from "zod";
import { Extra, Id, Instant } from "./common.ts";
import { defineModel } from "./model.ts";

/** Somebody who stays. A null means that the partner says "none"; a missing field, that it does not say; an empty text is one. */
export const guest = defineModel(
  "guest",
  1,
  z.strictObject({
    id: Id,
    name: z.exactOptional(z.string().nullable()),
    firstName: z.exactOptional(z.string().nullable()),
    lastName: z.exactOptional(z.string().nullable()),
    /** The main one first, each once. */
    emails: z.exactOptional(z.array(z.string()).nullable()),
    phones: z.exactOptional(z.array(z.string()).nullable()),
    language: z.exactOptional(z.string().nullable()),
    createdAt: z.exactOptional(Instant.nullable()),
    updatedAt: z.exactOptional(Instant.nullable()),
    extra: Extra,
  }),
);

export type Guest = z.infer<typeof guest.schema>;
