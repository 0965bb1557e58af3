import type * as v from "valibot";
import type { NameRules } from "../../io/names.js";
import type { TensorSource } from "../../io/safetensorsWriter.js";
import type { AttentionFields, AttentionName } from "../../nn/attentions/index.js";
import type { LayerOptions } from "../../nn/blocks/options.js";
import type { EmbeddingsOptions } from "../../nn/embeddings.js";
import type { HeadName, HeadOptions } from "../../nn/heads/index.js";
import type { PositionName } from "../../nn/positions/index.js";
import type { RopeParameters } from "../../nn/ropeParameters.js";
import type { ActivationName } from "../../ops/activation.js";
import type { FamilyConfig, FamilyConfigInput } from "../configFields.js";

/** A position encoding and its settings. Layers with equal ones share it. */
export interface PositionSettings {
  readonly name: PositionName;
  /** How rotary positions are scaled. Default: not at all. */
  readonly rope?: RopeParameters | undefined;
}

/** A layer, with the registered members by their names. */
export interface LayerSettings extends Omit<LayerOptions, "attention" | "position"> {
  readonly attention: AttentionName;
  readonly attentionFields: AttentionFields;
  readonly position: PositionSettings;
}

/** What an encoder is made of. */
export interface EncoderSettings {
  readonly embeddings: EmbeddingsOptions;
  /** What marks the embeddings. */
  readonly position: PositionSettings;
  /** Layer i, from 0. */
  layer(i: number): LayerSettings;
  /** The norm behind the last layer. Default: there is none. */
  readonly finalNorm?: { readonly name: string; readonly eps: number; readonly bias: boolean } | undefined;
  /** What the parts are called, counted from the encoder's name. */
  readonly names: {
    /** A table of positions, where the encoding has one. */
    readonly positions: string;
    /** The layer from the embeddings' width to the model's, where these differ. */
    readonly project: string;
    /** Layer i: what {@link LayerOptions.names} are counted from. */
    layer(i: number): string;
  };
}

/** What a family says of its heads: all but what depends on the model that is made. */
export type HeadSettings = Omit<HeadOptions, "params" | "encoder" | "words" | "pooler">;

/**
 * Models that Hugging Face names by one `model_type`: everything that differs from one such kind to another. Shared code asks a family
 * and never which one it has. A new one is a file here and a line in `index.ts`.
 */
export interface Family {
  /** @internal Fields that its configuration has beside the common ones, by Hugging Face's names: how each is checked, and its default. */
  readonly fields?: Readonly<Record<string, v.GenericSchema>> | undefined;
  /** Defaults of common fields where they are not RoFormerConfig's. */
  readonly defaults: FamilyConfigInput;
  /** Which fields do not go together, in words that go on after the file's name. */
  conflict(config: FamilyConfig): string | undefined;

  /** Begin of the classes' names: `RoFormerForMaskedLM`. */
  readonly className: string;
  /** Names of classes that do not follow from the head's. */
  readonly classes?: Readonly<Partial<Record<HeadName, string>>> | undefined;
  /** Further classes that hold a head, among other things. */
  readonly alsoHold?: Readonly<Record<string, HeadName>> | undefined;

  /** The position encoding where `roformer_js` names none. */
  readonly position: PositionName;
  /** What a new model with other than rotary positions must have to be of this family. Default: none is. */
  readonly newFor?: { readonly position: PositionName; readonly attention: AttentionName } | undefined;
  encoder(config: FamilyConfig): EncoderSettings;
  heads(config: FamilyConfig): HeadSettings;
  /**
   * The activation of the pooler behind the base model, undefined where there is none. `held`: whether a file holds one; undefined without
   * a file.
   */
  pooler(config: FamilyConfig, held?: boolean): ActivationName | undefined;

  /** Prefix of the encoder's tensors in a model with a head. */
  readonly prefix: string;
  /** Other names for its parameters in files, without the prefix. */
  readonly fileNames: Pick<NameRules, "aliases" | "copies">;
  /** Tensors with a row for each label, by their names without the prefix: those of a file tell how many labels it has. */
  readonly outputs: readonly string[];
  /** Ends of the names of parameters that do not decay. */
  readonly noDecay: readonly string[];
  /** A field of a file that says that the model is another one, `model`, though it has this family's name. */
  foreignField?(
    fields: Readonly<Record<string, unknown>>,
  ): { readonly field: string; readonly model: string } | undefined;
  /** Why weights that lack `missing` and hold `found` are another family's, in words that go on after the file's name. */
  foreign?(found: readonly string[], missing: readonly string[]): string | undefined;

  /**
   * The `model_type` under which a model is saved: that of Hugging Face's class only where this computes the same function, else
   * one that `transformers` refuses instead of computing something else.
   */
  savedType(config: FamilyConfig): string;
  /** Tensors that Hugging Face's class of the saved type keeps and that are computed here; `prefix` stands before their names. */
  derived?(config: FamilyConfig, prefix: string): TensorSource[];
}
