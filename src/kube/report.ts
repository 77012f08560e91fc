/** Something that went wrong and was dealt with: for a log. The work goes on. */
export interface Problem {
  /** Which part of the runtime, with what it works on: `reflector deployments`. */
  readonly where: string;
  readonly message: string;
  readonly error: unknown;
}

export type Report = (problem: Problem) => void;

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
