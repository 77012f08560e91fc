/** Seeds that once failed, with what they showed. They run before all others, so that what was mended stays so. */
export const failedSeeds: Readonly<Record<number, string>> = {
  4: 'a write of weight 0 that was acknowledged but could not be seen was repeated without end',
  650: 'a look under way made decisions blind, so that a resumption never took',
  679: 'resuming a lowered bake was refused, since the canary was not looked at',
  746: 'after a reboot with a full disk nothing brought stable up',
  1290: 'a picture from before a write counted as proof that the weight was 0',
  1409: 'an ended run was taken up again after its store had lost a reply',
  2362: 'the canary was scaled down though somebody had raised its weight again',
  3073: 'two writers of one service wrote its events in the wrong order',
  7940: 'a late write to an arm overtook a newer one',
  8578: "own records were taken for somebody else's after many failed writes",
  21766: 'a Canary that was deleted while suspended was never gone',
  24398:
    'a rise that was decided waited for the disk, and was written though the canary had lost its replicas',
};
