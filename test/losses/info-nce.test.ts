import { testGolden } from "./metric-golden.ts";

testGolden("infoNCE");
testGolden("ntXent");
testGolden("clip");
testGolden("multipleNegativesRanking");
