/** The shop's first price list. */
const prices = { tea: 480, coffee: 650, cocoa: 590 };

export function priceOf(item, coupon) {
  const cents = prices[item] ?? 500;
  return coupon === null ? cents : Math.round(cents * 0.9);
}
