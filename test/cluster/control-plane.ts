/** What runs in a control plane. `kill -9` of one of them is a fault that tests may cause. */
export type Component = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';

export interface ClientCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** One running control plane, whoever started it. */
export interface ControlPlane {
  /** Path of a kubeconfig whose user may do everything (group `system:masters`). */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT`, the same in and outside of the network namespace. */
  readonly server: string;
  readonly caPem: string;
  /** Of the user `admin`; null for an existing cluster whose kubeconfig has none. */
  readonly admin: ClientCertificate | null;
  /** Of the same user; null for an existing cluster whose kubeconfig has none. */
  readonly adminToken: string | null;
  /** Path of kubectl, of the version of the control plane. */
  readonly kubectl: string;
  /**
   * What `nsenter --net=` takes: the network namespace in which every address of `podCidr` and `serviceCidr` is local, and from which no
   * way leads out. This process is in it. Null: the machine's own network, where nothing may bind or call an address of those ranges.
   */
  readonly netns: string | null;
  /** Where etcd listens, plain HTTP, for compactions and the like; null for an existing cluster. */
  readonly etcd: string | null;
  /** `10.244.0.0/16`: addresses for pods, to be handed out by kubelets. */
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** False: it was there before (`USE_EXISTING_CLUSTER`): nothing is killed, users cannot be made, `stop` leaves it. */
  readonly owned: boolean;
  /** Folder of this instance for files of tests and kubelets; removed by `stop`. */
  readonly folder: string;
  /** Path of a kubeconfig for a new user with a client certificate; a kubelet is `system:node:NAME` in `system:nodes`. */
  userKubeconfig(user: { readonly name: string; readonly groups?: readonly string[] }): string;
  /** Ends one component, with SIGKILL if no signal is named; resolves when the process is gone. */
  kill(component: Component, signal?: NodeJS.Signals): Promise<void>;
  /** `kill`, if it still runs, then starts it again on the same port and data; resolves when all is ready. */
  restart(component: Component): Promise<void>;
  /**
   * A new certificate authority, a new certificate of the API server, which goes on running, and all kubeconfigs anew in their places;
   * certificates of before are refused from then on, tokens are not. Resolves when all is ready.
   */
  rotate(): Promise<void>;
  /** Null while it does not run. */
  pid(component: Component): number | null;
  /** Within two seconds. May be called twice. */
  stop(): Promise<void>;
}
