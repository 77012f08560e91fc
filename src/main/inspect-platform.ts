import type { DoctorFinding } from '../cli/host.ts';
export async function inspectPlatform(state: string): Promise<readonly DoctorFinding[]> {
  void state;
  return [];
}
