import { readFile, stat } from 'node:fs/promises';
import type { ClusterConfig, Material } from '../config/cluster-config.ts';
import { configurationError, fileProblem } from '../config/configuration-error.ts';

/** PEM texts that connections are made with. */
export interface TlsMaterial {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

export async function readMaterial(cluster: ClusterConfig): Promise<TlsMaterial> {
  const { certificate, tls } = cluster;
  return {
    ca: tls.ca === null ? null : await pemOf(tls.ca, 'the certificate authority'),
    cert: certificate === null ? null : await pemOf(certificate.cert, 'the client certificate'),
    key: certificate === null ? null : await pemOf(certificate.key, 'the key of the client certificate'),
  };
}

export async function pemOf(material: Material, what: string): Promise<string> {
  if (material.kind === 'inline') return material.pem;
  let pem: string;
  try {
    pem = await readFile(material.path, 'latin1');
  } catch (thrown) {
    throw configurationError(
      `${what} ${material.path} ${fileProblem(thrown)}; correct its path or put it there`,
      thrown,
    );
  }
  if (!pem.includes('-----BEGIN '))
    throw configurationError(`${what} ${material.path} is not PEM; it must begin with -----BEGIN`);
  return pem;
}

/** Changes when one of the files is replaced; links are followed, since the kubelet swaps a link. */
export async function stampOf(cluster: ClusterConfig): Promise<string> {
  const { certificate, tls } = cluster;
  const stamps: string[] = [];
  for (const material of [tls.ca, certificate?.cert, certificate?.key]) {
    if (material?.kind !== 'file') continue;
    const found = await stat(material.path, { bigint: true }).catch(() => null);
    stamps.push(found === null ? 'absent' : `${found.ino}:${found.size}:${found.mtimeNs}`);
  }
  return stamps.join(' ');
}
