/** What `sluice init` writes: one Process and its Canary, with the comments that a first reader needs. */
export function starterManifest(name: string): string {
  return `# A service on one machine: what runs (Process) and how a new version of it is released (Canary).
#   sluice lint sluice.yaml        finds mistakes
#   sluice up -d -f sluice.yaml    starts the engine and this service
#   sluice deploy ${name} --set env.VERSION=v2 --wait
#   sluice watch ${name}
apiVersion: sluice.dev/v1alpha1
kind: Process
metadata:
  name: ${name}
spec:
  # The program and its arguments, without a shell. It must listen on $PORT of 127.0.0.1.
  command: [node, server.mjs]
  env:
    VERSION: v1
  # Name of the version, for people. Without it the revision's hash is shown.
  # version: v1
  replicas: 2
  # Traffic comes only while this answers 2xx or 3xx.
  readinessProbe:
    httpGet: { path: / }
    periodSeconds: 1
  # Time to finish what is in flight after SIGTERM.
  terminationGracePeriodSeconds: 10
---
apiVersion: sluice.dev/v1alpha1
kind: Canary
metadata:
  name: ${name}
spec:
  targetRef:
    kind: Process
    name: ${name}
  service:
    # Where users reach it: http://127.0.0.1:8080
    port: 8080
  analysis:
    # Every request is evidence. At most this share of healthy releases is taken back by it, however often it looks.
    falseRollback: 1 %
    # Share of requests that go to the new version, and for how long.
    steps:
      - { weight: 10, duration: 1m }
      - { weight: 25, duration: 2m }
      - { weight: 50, duration: 3m }
    metrics:
      # At most 1 % of the new version's requests end in a 5xx or in nothing, and about as many of the old one's.
      - name: error-rate
        objective: 1 %
      # 99 of 100 requests take at most 500 ms.
      - name: latency
        objective: p99 500 ms
  # All traffic on the new version, still judged, with the old one kept warm; then the old one is replaced.
  bakeDuration: 2m
`;
}
