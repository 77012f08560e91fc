import type { Style } from '../terminal/style.ts';

/** What a renderer needs besides the view. Renderers are pure: view in, lines out. */
export interface RenderContext {
  readonly style: Style;
  /** By the engine's clock, so that ages are right even where the two clocks differ. */
  readonly nowMs: number;
  /** Of the reader; undefined: the process's own. */
  readonly timeZone?: string;
}
