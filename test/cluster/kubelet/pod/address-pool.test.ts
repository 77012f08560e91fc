import { describe, expect, test } from 'vitest';
import { AddressPool } from './address-pool.ts';

const all = (pool: AddressPool, count: number): readonly string[] =>
  Array.from({ length: count }, () => pool.allocate());

describe('addresses of pods', () => {
  test('go through the whole range before one comes again', () => {
    const pool = new AddressPool('10.244.3.8/29');
    expect(all(pool, 2)).toEqual(['10.244.3.9', '10.244.3.10']);
    pool.release('10.244.3.9');
    expect(all(pool, 5)).toEqual(['10.244.3.11', '10.244.3.12', '10.244.3.13', '10.244.3.14', '10.244.3.9']);
    expect(() => pool.allocate()).toThrow('no address is left for pods');
    pool.release('10.244.3.12');
    expect(pool.allocate()).toBe('10.244.3.12');
  });

  test('that pods have already are not given to others', () => {
    const pool = new AddressPool('10.244.0.0/16');
    pool.adopt('10.244.0.3');
    pool.adopt('10.244.0.1');
    pool.adopt('10.9.9.9');
    expect(all(pool, 2)).toEqual(['10.244.0.4', '10.244.0.5']);
    pool.release('10.9.9.9');
  });

  test('count over the border of a byte', () => {
    const pool = new AddressPool('10.244.0.0/16');
    pool.adopt('10.244.0.254');
    expect(all(pool, 3)).toEqual(['10.244.0.255', '10.244.1.0', '10.244.1.1']);
  });
});
