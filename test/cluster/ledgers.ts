import type { KubeObject, Resource } from '../../src/kube/object.ts';
import type { AnyObject } from '../conformance/kube-cluster.ts';

/** What two leaders write. */
export interface Ledger extends KubeObject {
  readonly status?: { readonly epoch: number; readonly by: string };
}

export const ledgers: Resource = {
  group: 'faults.example.com',
  version: 'v1',
  plural: 'ledgers',
  kind: 'Ledger',
  namespaced: true,
};

/** Refuses the status of a leader that has been followed by another one. */
export const ledgerCrd: AnyObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ledgers.faults.example.com' },
  spec: {
    group: ledgers.group,
    scope: 'Namespaced',
    names: { plural: 'ledgers', singular: 'ledger', kind: 'Ledger', listKind: 'LedgerList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              status: {
                type: 'object',
                properties: {
                  by: { type: 'string' },
                  epoch: {
                    type: 'integer',
                    format: 'int64',
                    'x-kubernetes-validations': [
                      { rule: 'self >= oldSelf', message: 'a later leader has written here' },
                    ],
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

export function ledger(namespace: string, name: string): Ledger {
  return { apiVersion: 'faults.example.com/v1', kind: 'Ledger', metadata: { name, namespace } };
}
