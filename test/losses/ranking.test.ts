import { testGolden } from "./metric-golden.ts";

testGolden("marginRanking");
testGolden("knowledgeGraphMarginRanking");
