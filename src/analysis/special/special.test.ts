import { describe, expect, test } from 'vitest';
import { binomialAtLeast, clopperPearson, incompleteBeta } from './incomplete-beta.ts';
import { logBeta, logGamma } from './log-gamma.ts';
import { normalCdf, normalQuantile } from './normal.ts';

/* Arguments, then the value; the values were computed with 60 digits. */
const logGammas = [
  [1e-8, 18.4206807381802088844527450222],
  [0.01, 4.59947987804202170158050595876],
  [0.5, 0.572364942924700087071713675677],
  [1, 0.0],
  [1.5, -0.120782237635245222345518445782],
  [2, 0.0],
  [3.7, 1.42807232666538812920049835255],
  [10, 12.8018274800814696112077178746],
  [12.9, 19.7350158507130057430701285511],
  [13, 19.9872144956618861495173623871],
  [100.5, 361.435540467777621555251912703],
  [10000.0, 82099.7174964423772726489580977],
  [20000000.0, 316224849.14368242356307030576],
  [1000000000000.0, 26631021115915.6516361911379382],
] as const;

const betas = [
  [0.5, 0.5, 0.3, 0.369010119565545375043720199121],
  [2, 3, 0.4, 0.524800000000000038369307731045],
  [0.01, 10, 0.02, 0.987457987289508965383588855821],
  [1, 1000, 0.001, 0.632304575229035963035054345578],
  [5, 10000.0, 0.0005, 0.55990152853270492898769171396],
  [50, 50, 0.5, 0.5],
  [1000.0, 1000.0, 0.52, 0.963220516721360430583239450042],
  [30, 70, 0.9, 1.0],
  [1, 1, 0.25, 0.25],
  [1000, 1, 0.999, 0.367695424770963717720758787828],
  [3, 1000000.0, 1e-5, 0.997230740481852616834739735849],
  [20000000.0, 5, 0.9999998, 0.62883677886393507768637958908],
  [600, 30, 0.95, 0.369773673606899841087188673431],
  [100000.0, 100000.0, 0.499, 0.1855467445575567546504493],
  [20000.0, 20000000.0, 0.001, 0.5571701092557578172920527],
  [20000000.0, 20000000.0, 0.50005, 0.7364553707925458891970538],
] as const;

const cdfs = [
  [-37, 5.72557122252457682268319254827e-300],
  [-10, 7.6198530241605260659733432516e-24],
  [-5, 0.000000286651571879193911673752332875],
  [-4.99, 0.000000301896462520848434948716450009],
  [-3, 0.00134989803163009452665181476759],
  [-1.5, 0.0668072012688580660044940409799],
  [-0.001, 0.499601057786088937407105027236],
  [0, 0.5],
  [0.7, 0.758036347776926971383789317686],
  [2.3263478740408408, 0.989999999999999990846948894418],
  [6, 0.999999999013412354962301859299],
] as const;

const quantiles = [
  [1e-16, -8.22208221613043561518201472506],
  [1e-9, -5.99780701500768686144565505131],
  [0.001, -3.09023230616781353535800457626],
  [0.01, -2.32634787404084109307509639163],
  [0.025, -1.95996398454005421177958419423],
  [0.1, -1.28155156554460043533451708968],
  [0.5, 0.0],
  [0.9, 1.28155156554460059348744828852],
  [0.99, 2.32634787404084076763718923689],
] as const;

/** Error relative to the value, or absolute below `floor`. */
function errorOf(found: number, expected: number, floor = 0): number {
  return Math.abs(found - expected) / Math.max(Math.abs(expected), floor, Number.MIN_VALUE);
}

describe('against values of 60 digits', () => {
  test('ln Γ', () => {
    for (const [x, expected] of logGammas)
      expect(errorOf(logGamma(x), expected, 1), `at ${x}`).toBeLessThan(3e-15);
  });

  test('regularised incomplete beta', () => {
    for (const [a, b, x, expected] of betas)
      expect(errorOf(incompleteBeta(a, b, x), expected), `at ${a}, ${b}, ${x}`).toBeLessThan(2e-11);
  });

  test('normal distribution and its quantile', () => {
    for (const [z, expected] of cdfs) expect(errorOf(normalCdf(z), expected), `at ${z}`).toBeLessThan(2e-14);
    for (const [p, expected] of quantiles)
      expect(errorOf(normalQuantile(p), expected, 1), `at ${p}`).toBeLessThan(1e-14);
  });
});

test('binomial tails are sums of the probabilities', () => {
  expect(binomialAtLeast(0, 10, 0.3)).toBe(1);
  expect(binomialAtLeast(11, 10, 0.3)).toBe(0);
  expect(binomialAtLeast(9, 10, 0.3)).toBeCloseTo(10 * 0.3 ** 9 * 0.7 + 0.3 ** 10, 15);
  expect(Math.exp(logBeta(3, 4))).toBeCloseTo(1 / 60, 14);
});

test('exact intervals of a share', () => {
  expect(clopperPearson(0, 299, 0.1)).toEqual({ low: 0, high: expect.closeTo(1 - 0.05 ** (1 / 299), 9) });
  const { low, high } = clopperPearson(15, 600, 0.05);
  expect(binomialAtLeast(15, 600, low)).toBeCloseTo(0.025, 12);
  expect(1 - binomialAtLeast(16, 600, high)).toBeCloseTo(0.025, 12);
});
