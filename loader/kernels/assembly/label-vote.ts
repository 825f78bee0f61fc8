/**
 * Which value a sample of a label has. Each value among the eight neighbours has the sum of their trilinear weights as its share.
 * The value with the largest share wins; of equal shares the lowest value. The weights are added as neighbours 0 to 7 (X fastest):
 * ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
 *
 * Values are codes: what they stand for, plus 1, so that 0 is outside.
 */

/** The winner among the neighbours on the planes below and above, four each. */
export function largestShare(low: v128, high: v128, atZ: f32, atY: f32, atX: f32): i32 {
  const aboveX = atX - floor(atX);
  const belowX = <f32>1 - aboveX;
  const aboveY = atY - floor(atY);
  const belowY = <f32>1 - aboveY;
  const aboveZ = atZ - floor(atZ);
  const belowZ = <f32>1 - aboveZ;
  const inPlane = f32x4.mul(f32x4(belowY, belowY, aboveY, aboveY), f32x4(belowX, aboveX, belowX, aboveX));
  const lowWeights = f32x4.mul(f32x4.splat(belowZ), inPlane);
  const highWeights = f32x4.mul(f32x4.splat(aboveZ), inPlane);
  let winner = i32x4.extract_lane(low, 0);
  let loser = winner;
  let best = shareOf(winner, low, high, lowWeights, highWeights);
  let rest = low;
  for (let candidate = 1; candidate < 8; candidate++) {
    rest = candidate === 4 ? high : v128.shuffle<i32>(rest, rest, 1, 2, 3, 0);
    const value = i32x4.extract_lane(rest, 0);
    if (value === winner || value === loser) continue;
    const share = shareOf(value, low, high, lowWeights, highWeights);
    if (share > best || (share === best && value < winner)) {
      loser = winner;
      winner = value;
      best = share;
    } else {
      loser = value;
    }
  }
  return winner;
}

function shareOf(value: i32, low: v128, high: v128, lowWeights: v128, highWeights: v128): f32 {
  const wanted = i32x4.splat(value);
  const lowShare = v128.and(i32x4.eq(low, wanted), lowWeights);
  const shares = f32x4.add(lowShare, v128.and(i32x4.eq(high, wanted), highWeights));
  const pairs = f32x4.add(shares, v128.shuffle<f32>(shares, shares, 2, 3, 2, 3));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** What `winnersOfTwo` says of a sample with more than two values. */
export const MANY: i32 = -1;

/**
 * The winners of four samples at once, each in a lane: neighbours 0 to 7 as four pairs along X, the second of a pair in bits 8 to 15.
 * A sample with more than two values is `MANY`.
 */
export function winnersOfTwo(
  pairs01: v128,
  pairs23: v128,
  pairs45: v128,
  pairs67: v128,
  aboveZ: v128,
  aboveY: v128,
  aboveX: v128,
): v128 {
  const one = f32x4.splat(1);
  const byte = i32x4.splat(0xff);
  const code0 = v128.and(pairs01, byte);
  const code1 = i32x4.shr_u(pairs01, 8);
  const code2 = v128.and(pairs23, byte);
  const code3 = i32x4.shr_u(pairs23, 8);
  const code4 = v128.and(pairs45, byte);
  const code5 = i32x4.shr_u(pairs45, 8);
  const code6 = v128.and(pairs67, byte);
  const code7 = i32x4.shr_u(pairs67, 8);
  const is1 = i32x4.eq(code1, code0);
  const is2 = i32x4.eq(code2, code0);
  const is3 = i32x4.eq(code3, code0);
  const is4 = i32x4.eq(code4, code0);
  const is5 = i32x4.eq(code5, code0);
  const is6 = i32x4.eq(code6, code0);
  const is7 = i32x4.eq(code7, code0);
  let other = v128.andnot(code1, is1);
  let least = v128.or(code1, is1); // all bits where it is the first value
  other = i32x4.max_s(other, v128.andnot(code2, is2));
  least = i32x4.min_u(least, v128.or(code2, is2));
  other = i32x4.max_s(other, v128.andnot(code3, is3));
  least = i32x4.min_u(least, v128.or(code3, is3));
  other = i32x4.max_s(other, v128.andnot(code4, is4));
  least = i32x4.min_u(least, v128.or(code4, is4));
  other = i32x4.max_s(other, v128.andnot(code5, is5));
  least = i32x4.min_u(least, v128.or(code5, is5));
  other = i32x4.max_s(other, v128.andnot(code6, is6));
  least = i32x4.min_u(least, v128.or(code6, is6));
  other = i32x4.max_s(other, v128.andnot(code7, is7));
  least = i32x4.min_u(least, v128.or(code7, is7));
  const belowX = f32x4.sub(one, aboveX);
  const belowY = f32x4.sub(one, aboveY);
  const belowZ = f32x4.sub(one, aboveZ);
  const inPlane0 = f32x4.mul(belowY, belowX);
  const inPlane1 = f32x4.mul(belowY, aboveX);
  const inPlane2 = f32x4.mul(aboveY, belowX);
  const inPlane3 = f32x4.mul(aboveY, aboveX);
  const weight0 = f32x4.mul(belowZ, inPlane0);
  const weight1 = f32x4.mul(belowZ, inPlane1);
  const weight2 = f32x4.mul(belowZ, inPlane2);
  const weight3 = f32x4.mul(belowZ, inPlane3);
  const weight4 = f32x4.mul(aboveZ, inPlane0);
  const weight5 = f32x4.mul(aboveZ, inPlane1);
  const weight6 = f32x4.mul(aboveZ, inPlane2);
  const weight7 = f32x4.mul(aboveZ, inPlane3);
  const first02 = f32x4.add(
    f32x4.add(weight0, v128.and(weight4, is4)),
    f32x4.add(v128.and(weight2, is2), v128.and(weight6, is6)),
  );
  const first13 = f32x4.add(
    f32x4.add(v128.and(weight1, is1), v128.and(weight5, is5)),
    f32x4.add(v128.and(weight3, is3), v128.and(weight7, is7)),
  );
  const other02 = f32x4.add(v128.andnot(weight4, is4), f32x4.add(v128.andnot(weight2, is2), v128.andnot(weight6, is6)));
  const other13 = f32x4.add(
    f32x4.add(v128.andnot(weight1, is1), v128.andnot(weight5, is5)),
    f32x4.add(v128.andnot(weight3, is3), v128.andnot(weight7, is7)),
  );
  const firstShare = f32x4.add(first02, first13);
  const otherShare = f32x4.add(other02, other13);
  const otherWins = v128.or(
    f32x4.gt(otherShare, firstShare),
    v128.and(f32x4.eq(otherShare, firstShare), i32x4.lt_s(other, code0)),
  );
  const isOne = i32x4.eq(least, i32x4.splat(-1)); // of one value: `other` is 0 there, as is its share
  const isMany = v128.andnot(i32x4.ne(other, least), isOne);
  return v128.or(isMany, v128.bitselect(other, code0, otherWins));
}
