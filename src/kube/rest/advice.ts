/** Words of the API server, and what to do about them. client-go hands on the words alone. */
const advice: readonly (readonly [RegExp, string])[] = [
  [
    /404 page not found|the server could not find the requested resource/,
    'nothing is served there: install the CRD of this kind, or see which versions of it there are',
  ],
  [/ cannot \w+ resource /, 'allow it with a Role or ClusterRole and a binding'],
  [/ exceeded quota: /, 'delete what is not needed, or raise the quota'],
  [
    / because it is being terminated/,
    'wait until the namespace is gone and make it anew, or use another one',
  ],
];

/** The sentence with what to do, where that is known. */
export function advised(message: string): string {
  const known = advice.find(([words]) => words.test(message));
  return known === undefined ? message : `${message}; ${known[1]}`;
}
