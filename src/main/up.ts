import type { UpOptions } from '../cli/host.ts';
export async function up(options: UpOptions): Promise<number> {
  void options;
  return 0;
}
