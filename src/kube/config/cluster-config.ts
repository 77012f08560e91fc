/** PEM text that stands in the configuration, or the file that holds it and may be replaced while we run. */
export type Material =
  | { readonly kind: 'inline'; readonly pem: string; readonly from: string }
  | { readonly kind: 'file'; readonly path: string };

/** How we say who we are. A client certificate may come on top of any of them. */
export type Identity =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'tokenFile'; readonly path: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly plugin: ExecPlugin };

/** `users[].user.exec` of a kubeconfig: a program that prints an ExecCredential. */
export interface ExecPlugin {
  readonly apiVersion: 'client.authentication.k8s.io/v1' | 'client.authentication.k8s.io/v1beta1';
  /** As written if it is a bare name, else an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly interactiveMode: 'Never' | 'IfAvailable' | 'Always';
  readonly provideClusterInfo: boolean;
  /** What the kubeconfig's author says to do where the program is missing. */
  readonly installHint: string;
  /** The cluster's extension `client.authentication.k8s.io/exec`, handed to the program as it is. */
  readonly clusterExtension: unknown;
}

export interface Impersonation {
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Everything needed to speak to one API server: what client-go calls `rest.Config`, with nothing read that may change. */
export interface ClusterConfig {
  /** For messages: `context "prod"`, `the service account of this pod`. */
  readonly description: string;
  /** `https://host:port/base`, without a slash at the end, without user and password. */
  readonly server: string;
  /** Of the context; `default` where it has none. */
  readonly namespace: string;
  readonly tls: {
    /** Absent: the authorities that Node trusts. */
    readonly ca: Material | null;
    readonly serverName: string | null;
    readonly insecure: boolean;
  };
  /** `http:`, `https:` or `socks5:`. */
  readonly proxyUrl: string | null;
  readonly certificate: { readonly cert: Material; readonly key: Material } | null;
  readonly identity: Identity;
  readonly impersonate: Impersonation | null;
}
