/** A promise that the system makes was broken: which one, and how. */
export class SimulationFailure extends Error {
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.name = "SimulationFailure";
    this.invariant = invariant;
  }
}
