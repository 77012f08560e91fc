/** What goes along with one call. */
export interface Credential {
  /** Of the header; null: none. */
  readonly authorization: string | null;
  /** PEM of an exec plugin; those of the kubeconfig are kept by the transport. */
  readonly certificate: { readonly cert: string; readonly key: string } | null;
}

/** Where credentials come from, as long as the client lives. Rejects with `Configuration`. */
export interface CredentialSource {
  /** For messages: `the token file /x`, `the exec plugin aws`. Without a secret. */
  readonly description: string;
  current(): Promise<Credential>;
  /** The server said 401 to this one: true if `current` now gives one that is worth a repeat. */
  renew(rejected: Credential): Promise<boolean>;
}

export function fixedCredential(description: string, authorization: string | null): CredentialSource {
  const credential: Credential = { authorization, certificate: null };
  return {
    description,
    current: () => Promise.resolve(credential),
    renew: () => Promise.resolve(false),
  };
}
