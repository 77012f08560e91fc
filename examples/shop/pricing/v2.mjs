/** Version 2: the same prices, and coupons have names and rates of their own. */
const prices = { tea: 480, coffee: 650, cocoa: 590 };
const coupons = { WELCOME: 0.1, WINTER: 0.15 };

export function priceOf(item, coupon) {
  const cents = prices[item] ?? 500;
  return Math.round(cents * (1 - (coupons[coupon] ?? 0)));
}
