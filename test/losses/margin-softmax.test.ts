import { testGolden } from "./metric-golden.ts";

testGolden("normalizedSoftmax");
testGolden("cosFace");
testGolden("arcFace");
testGolden("combinedMargin");
