import { testGolden } from "./metric-golden.ts";

testGolden("contrastive");
testGolden("hingeEmbedding");
testGolden("cosineEmbedding");
