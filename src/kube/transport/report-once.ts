import { messageOf, type Report } from '../report.ts';

/** Texts that are remembered; after so many the oldest is told again. */
const maxTexts = 256;

/** Tells of each text once: what is looked at every ten seconds would fill a log. `forget` when it is well again. */
export class ReportOnce {
  readonly #report: Report;
  readonly #where: string;
  readonly #told = new Set<string>();

  constructor(report: Report, where: string) {
    this.#report = report;
    this.#where = where;
  }

  tell(problem: unknown): void {
    const message = messageOf(problem);
    if (this.#told.has(message)) return;
    const [oldest] = this.#told;
    if (oldest !== undefined && this.#told.size >= maxTexts) this.#told.delete(oldest);
    this.#told.add(message);
    this.#report({ where: this.#where, message, error: problem });
  }

  forget(): void {
    this.#told.clear();
  }
}
