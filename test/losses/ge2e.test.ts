import { testGolden } from "./metric-golden.ts";

testGolden("ge2e");
