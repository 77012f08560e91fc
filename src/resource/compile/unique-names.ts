/** The names in order, a repeated one with the first free of `-2`, `-3`, … behind it. */
export function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let number = 2;
    while (taken.has(`${name}-${number}`)) number += 1;
    const unique = `${name}-${number}`;
    taken.add(unique);
    return unique;
  });
}
