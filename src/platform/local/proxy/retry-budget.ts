const share = 0.2;
const most = 100;
/** So that the first requests after a start may be retried too. */
const atStart = 10;

/** Retries may be a fifth of the requests, so that they cannot double the load on what is left when an arm breaks down. */
export class RetryBudget {
  #tokens = atStart;

  request(): void {
    if (this.#tokens < most) this.#tokens += share;
  }

  /** False: the budget is used up. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
