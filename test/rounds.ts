/**
 * Rounds of a test that does random damage: few by default, since each takes real files and processes; PATCHSTREAM_TEST_ROUNDS sets
 * another number for all such tests.
 */
export function testRounds(byDefault: number): number {
  const asked = process.env.PATCHSTREAM_TEST_ROUNDS;
  return asked === undefined ? byDefault : Number(asked);
}
