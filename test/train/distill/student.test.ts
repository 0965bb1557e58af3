import { describe, expect, it } from "vitest";
import { RoFormer } from "../../../ts/index.js";
import { createStudent, type StudentPlan } from "../../../ts/train/distill/student.js";
import { sentenceCase, sentenceFiles } from "../../models/sentenceFolders.js";
import { smallModel, TEXTS } from "../../pipelines/models.js";

const whole = (teacher: RoFormer): StudentPlan => ({
  layers: Array.from({ length: teacher.config.num_hidden_layers }, (_, i) => i),
  position: teacher.config.model_type === "bert" ? "learned" : "rotary",
  kept: undefined,
  width: teacher.config.hidden_size,
  basis: undefined,
  dropout: 0,
  makesVectors: true,
});

describe("a student of all layers, the whole vocabulary and the same positions", () => {
  it.each(["pooling_mode mean", "flag of mean", "lasttoken without the prompt"])(
    "has the teacher's states: %s",
    async (name) => {
      using teacher = await RoFormer.load(sentenceFiles(sentenceCase(name)), { head: "base" });
      using student = await createStudent(teacher, whole(teacher));
      const texts = ["a text", "another one of more words", "12 x"];
      expect(await student.embed(texts, { pooling: "mean" })).toEqual(await teacher.embed(texts, { pooling: "mean" }));
    },
  );
});

describe("a classifier", () => {
  it.each(["bert", "roformer"] as const)("of %s keeps its logits", async (model_type) => {
    using teacher = await smallModel("sequence-classification", { model_type, num_labels: 3 });
    using student = await createStudent(teacher, { ...whole(teacher), makesVectors: false });
    expect(await student.classify(TEXTS)).toEqual(await teacher.classify(TEXTS));
  });
});
