/** Where in the templates something is. */
export interface TemplatePlace {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
}

/** A template that cannot be run here: names stack, resource, type and property, and what to do. */
export class TemplateError extends Error {
  constructor(place: TemplatePlace, problem: string) {
    super(`Stack ${place.stack}, resource ${place.logicalId} (${place.type}): ${problem}`);
    this.name = "TemplateError";
  }
}
