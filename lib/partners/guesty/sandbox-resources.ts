export interface Resource {
  readonly type: "reservation" | "listing" | "guest";
  readonly path: string;
  readonly noun: string;
  /** What a list shows of a thing when no fields are asked for. */
  readonly defaultFields: readonly string[];
}

export const reservations: Resource = {
  type: "reservation",
  path: "/v1/reservations",
  noun: "Reservation",
  defaultFields: ["accountId", "confirmationCode", "listingId", "guestId", "checkIn", "checkOut"],
};
export const listings: Resource = {
  type: "listing",
  path: "/v1/listings",
  noun: "Listing",
  defaultFields: ["title", "nickname", "type", "address", "prices", "accommodates", "timezone"],
};
export const guests: Resource = { type: "guest", path: "/v1/guests-crud", noun: "Guest", defaultFields: [] };

export const resources: readonly Resource[] = [reservations, listings, guests];
