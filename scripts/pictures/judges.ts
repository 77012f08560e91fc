import type { Ink, Marker } from './svg.ts';

/** How a judge of the bench is named and drawn. */
export interface DrawnJudge {
  /** Its name in the bench. */
  readonly judge: string;
  readonly label: string;
  readonly ink: Ink;
  readonly marker: Marker;
  readonly dash: string | null;
}

export const drawnJudges: readonly DrawnJudge[] = [
  { judge: 'bet', label: 'bet', ink: 'bet', marker: 'circle', dash: null },
  { judge: 'threshold 1m x 5', label: 'threshold 1m × 5', ink: 'red', marker: 'square', dash: '8 3' },
  { judge: 'threshold 10s x 3', label: 'threshold 10s × 3', ink: 'red', marker: 'diamond', dash: '2 3' },
  { judge: 'argo 5m/3', label: 'argo 5m, limit 3', ink: 'blue', marker: 'square', dash: '8 3' },
  { judge: 'argo 1m/0', label: 'argo 1m, limit 0', ink: 'blue', marker: 'diamond', dash: '2 3' },
  { judge: 'kayenta 5m', label: 'kayenta 5m', ink: 'purple', marker: 'triangle', dash: '10 3 2 3' },
  { judge: 'burn rate 14.4x', label: 'burn rate 14.4×', ink: 'orange', marker: 'triangle', dash: '5 3' },
  { judge: 'naive z', label: 'naive z', ink: 'brown', marker: 'diamond', dash: '4 2 1 2' },
];
