import { bleu } from "./bleu.js";
import { chrf } from "./chrf.js";
import { accuracy, classificationReport, confusionMatrix, f1, matthews, precision, recall } from "./classification.js";
import { bitsPerCharacter, perplexity } from "./language.js";
import { meanSquaredError, pearson, spearman } from "./regression.js";
import { squad } from "./squad.js";

/** Every metric by its name; predictions come before labels. */
export const metrics = {
  ...{ accuracy, precision, recall, f1, matthews, confusionMatrix, classificationReport },
  ...{ pearson, spearman, meanSquaredError, bleu, chrf, squad, perplexity, bitsPerCharacter },
};
