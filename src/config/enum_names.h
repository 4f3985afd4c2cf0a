// The JSON names of every enum of the config.
#pragma once

#include <array>
#include <type_traits>
#include <utility>

#include "config/config.h"

namespace ate {

// The JSON names of an enum's values.
template <class E>
struct EnumNames;

template <class E>
requires std::is_enum_v<E>
constexpr const char* enum_name(E value) {
  for (const auto& [known, name] : EnumNames<E>::values)
    if (known == value) return name;
  return "?";
}

template <>
struct EnumNames<Mode> {
  static constexpr std::array values = {std::pair{Mode::corrected, "corrected"},
                                        std::pair{Mode::published, "published"}};
};
template <>
struct EnumNames<KernelKind> {
  static constexpr std::array values = {std::pair{KernelKind::automatic, "auto"},
                                        std::pair{KernelKind::fused, "fused"},
                                        std::pair{KernelKind::reference, "reference"}};
};
template <>
struct EnumNames<Dtype> {
  static constexpr std::array values = {std::pair{Dtype::fp32, "fp32"}, std::pair{Dtype::tf32, "tf32"},
                                        std::pair{Dtype::bf16, "bf16"}};
};
template <>
struct EnumNames<TextFormat> {
  static constexpr std::array values = {std::pair{TextFormat::automatic, "auto"},
                                        std::pair{TextFormat::bytes, "bytes"},
                                        std::pair{TextFormat::characters, "characters"},
                                        std::pair{TextFormat::uint16, "uint16"},
                                        std::pair{TextFormat::uint32, "uint32"},
                                        std::pair{TextFormat::npy, "npy"},
                                        std::pair{TextFormat::llmc, "llmc"},
                                        std::pair{TextFormat::sentencepiece, "sentencepiece"}};
};
template <>
struct EnumNames<BandRule> {
  static constexpr std::array values = {std::pair{BandRule::rank_count, "rank_count"},
                                        std::pair{BandRule::rank_share, "rank_share"},
                                        std::pair{BandRule::cumulative_share, "cumulative_share"}};
};
template <>
struct EnumNames<CountedOver> {
  static constexpr std::array values = {std::pair{CountedOver::training, "training"},
                                        std::pair{CountedOver::corpus, "corpus"}};
};
template <>
struct EnumNames<Unseen> {
  static constexpr std::array values = {std::pair{Unseen::low, "low"}, std::pair{Unseen::mid, "mid"},
                                        std::pair{Unseen::noise, "noise"}};
};
template <>
struct EnumNames<Tables> {
  static constexpr std::array values = {std::pair{Tables::band, "band"},
                                        std::pair{Tables::vocabulary, "vocabulary"}};
};
template <>
struct EnumNames<BodyKind> {
  static constexpr std::array values = {std::pair{BodyKind::bag, "bag"},
                                        std::pair{BodyKind::encoder, "encoder"}};
};
template <>
struct EnumNames<Positions> {
  static constexpr std::array values = {std::pair{Positions::none, "none"},
                                        std::pair{Positions::learned, "learned"},
                                        std::pair{Positions::rotary, "rotary"}};
};
template <>
struct EnumNames<Norm> {
  static constexpr std::array values = {std::pair{Norm::post, "post"}, std::pair{Norm::pre, "pre"}};
};
template <>
struct EnumNames<Normalisation> {
  static constexpr std::array values = {std::pair{Normalisation::layer, "layer"},
                                        std::pair{Normalisation::rms, "rms"}};
};
template <>
struct EnumNames<Activation> {
  static constexpr std::array values = {std::pair{Activation::relu, "relu"},
                                        std::pair{Activation::gelu, "gelu"},
                                        std::pair{Activation::swiglu, "swiglu"}};
};
template <>
struct EnumNames<Procedure> {
  static constexpr std::array values = {std::pair{Procedure::model, "model"},
                                        std::pair{Procedure::pipeline, "pipeline"},
                                        std::pair{Procedure::frontier, "frontier"}};
};
template <>
struct EnumNames<Init> {
  static constexpr std::array values = {std::pair{Init::framework, "framework"},
                                        std::pair{Init::normal, "normal"}, std::pair{Init::gpt2, "gpt2"}};
};
template <>
struct EnumNames<EvaluationPart> {
  static constexpr std::array values = {std::pair{EvaluationPart::test, "test"},
                                        std::pair{EvaluationPart::tune, "tune"}};
};
template <>
struct EnumNames<Budget> {
  static constexpr std::array values = {
      std::pair{Budget::steps, "steps"}, std::pair{Budget::tokens, "tokens"},
      std::pair{Budget::flops, "flops"}, std::pair{Budget::seconds, "seconds"}};
};
template <>
struct EnumNames<Decay> {
  static constexpr std::array values = {std::pair{Decay::constant, "constant"},
                                        std::pair{Decay::cosine, "cosine"},
                                        std::pair{Decay::linear, "linear"}, std::pair{Decay::wsd, "wsd"}};
};
template <>
struct EnumNames<ScheduleUnit> {
  static constexpr std::array values = {std::pair{ScheduleUnit::epoch, "epoch"},
                                        std::pair{ScheduleUnit::step, "step"}};
};
template <>
struct EnumNames<Decayed> {
  static constexpr std::array values = {std::pair{Decayed::all, "all"},
                                        std::pair{Decayed::matrices, "matrices"}};
};
template <>
struct EnumNames<EvaluationWindows> {
  static constexpr std::array values = {std::pair{EvaluationWindows::whole, "whole"},
                                        std::pair{EvaluationWindows::sampled, "sampled"}};
};

}  // namespace ate
