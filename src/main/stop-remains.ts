export async function stopRemains(state: string): Promise<boolean> {
  void state;
  return false;
}
