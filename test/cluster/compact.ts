import type { ControlPlane } from './control-plane.ts';

/**
 * Makes etcd forget all revisions but the present one, over its JSON gateway (`/v3/kv`). An API server still answers for older
 * resourceVersions from its cache; they are expired after its restart.
 */
export async function compact(plane: ControlPlane): Promise<void> {
  const range = await post(plane, 'range', { key: Buffer.from('none').toString('base64') });
  await post(plane, 'compaction', { revision: range.header.revision, physical: true });
}

async function post(
  { etcd }: ControlPlane,
  method: string,
  body: object,
): Promise<{ readonly header: { readonly revision: string } }> {
  if (etcd === null) throw new Error('the store of a cluster that was there before is not ours');
  const response = await fetch(`${etcd}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`etcd ${method}: ${text}`);
  return JSON.parse(text) as { readonly header: { readonly revision: string } };
}
