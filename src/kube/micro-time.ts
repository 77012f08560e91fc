/** `metav1.MicroTime`, as leases have it: exactly six digits of a second, or the server refuses it. JavaScript has three. */
export function microTimeOf(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, -1)}000Z`;
}

/** `metav1.Time`, as events have it: whole seconds. */
export function timeOf(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, -5)}Z`;
}
