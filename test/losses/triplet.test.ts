import { testGolden } from "./metric-golden.ts";

testGolden("triplet");
testGolden("batchAllTriplet");
testGolden("batchHardTriplet");
testGolden("semiHardTriplet");
