#include "data/tar_members.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "data/tar.h"

namespace rangefinder::data {
namespace {

/// An archive that holds more is damaged, or made to fill memory.
constexpr size_t kMostParts = 1'000'000;
constexpr size_t kMostPartsOfSample = 1000;
constexpr size_t kMostNameBytes = size_t{256} << 20;

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

std::string quoted(const std::vector<const TarPart*>& parts) {
  std::vector<std::string> names;
  for (const TarPart* part : parts) names.push_back("'" + part->name + "'");
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Adds up the samples of one archive.
class Collector {
 public:
  explicit Collector(const std::string& file) : file_(file) {}

  void add(const TarMember& member) {
    auto name = member_name(member.name);
    const FileKind kind = name ? part_kind(name->part) : FileKind::kUnknown;
    if (kind == FileKind::kUnknown || kind == FileKind::kTar) return;
    if (member.kind != TarMemberKind::kFile) {
      fail(member, member.kind == TarMemberKind::kLink
                       ? "is a link; an archive made with tar's --dereference and "
                         "--hard-dereference holds files instead"
                       : "is no file");
    }
    require_room(member);
    TarSample& sample = sample_of(std::move(name->sample));
    if (sample.parts.size() == kMostPartsOfSample) {
      fail(member, fmt::format("is beyond the {} parts that a sample may have; what stands before "
                               "the first dot names the sample",
                               kMostPartsOfSample));
    }
    if (std::ranges::count(sample.parts, name->part, &TarPart::name) > 0) {
      fail(member, "is there twice");
    }
    sample.parts.push_back({std::move(name->part), member.offset, member.size});
  }

  std::vector<TarSample> finish() {
    if (samples_.empty()) {
      throw Error("holds no samples; members like 000.npy, 000.jpg or 000.INPUT.npy are looked for",
                  {.file = file_});
    }
    return std::move(samples_);
  }

 private:
  void require_room(const TarMember& member) {
    name_bytes_ += member.name.size();
    if (++part_count_ <= kMostParts && name_bytes_ <= kMostNameBytes) return;
    throw Error(fmt::format("holds more than {} parts of samples, or names of more than {} bytes",
                            kMostParts, kMostNameBytes),
                {.file = file_});
  }

  TarSample& sample_of(std::string name) {
    const auto [place, is_new] = index_.emplace(std::move(name), samples_.size());
    if (is_new) samples_.push_back({.name = place->first, .parts = {}});
    return samples_[place->second];
  }

  [[noreturn]] void fail(const TarMember& member, const std::string& why) const {
    throw Error(why, {.file = fmt::format("{}[{}]", file_, member.name)});
  }

  const std::string& file_;
  std::vector<TarSample> samples_;
  std::unordered_map<std::string, size_t> index_;
  size_t part_count_ = 0;
  size_t name_bytes_ = 0;
};

std::vector<const TarPart*> parts_of(const TarSample& sample, bool are_archives) {
  std::vector<const TarPart*> parts;
  for (const TarPart& part : sample.parts) {
    if ((part.kind() == FileKind::kNpz) == are_archives) parts.push_back(&part);
  }
  return parts;
}

std::vector<ChosenPart> by_name(const std::vector<const TarPart*>& parts, const auto& is_wanted) {
  std::vector<ChosenPart> chosen;
  for (const TarPart* part : parts) {
    if (is_wanted(part->input())) chosen.push_back({part, part->input()});
  }
  return chosen;
}

/// For a model's only input, which no part names.
std::vector<ChosenPart> only_part(const std::vector<const TarPart*>& parts,
                                  const std::string& input, const std::string& place) {
  std::vector<const TarPart*> candidates;
  for (const TarPart* part : parts) {
    if (part->input().empty()) candidates.push_back(part);
  }
  if (candidates.empty()) candidates = parts;
  if (candidates.size() == 1) return {{candidates.front(), ""}};
  throw Error(
      fmt::format("{} are there for the input '{}'; a name that ends with '.{}.npy' (or .jpg, "
                  "...) tells which it is, and what stands before its first dot names "
                  "the sample",
                  quoted(candidates), input, input),
      {.file = place});
}

void refuse_twice(const std::vector<ChosenPart>& chosen, const std::string& place) {
  for (size_t i = 0; i < chosen.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (chosen[i].input != chosen[j].input) continue;
      throw Error(
          fmt::format("'{}' and '{}' are both for {}", chosen[j].part->name, chosen[i].part->name,
                      chosen[i].input.empty() ? "an input without a name"
                                              : "the input '" + chosen[i].input + "'"),
          {.file = place});
    }
  }
}

}  // namespace

std::optional<MemberName> member_name(std::string_view name) {
  while (name.starts_with("./")) name.remove_prefix(2);
  if (is_hidden(name)) return std::nullopt;
  const size_t base = name.rfind('/') + 1;
  const size_t dot = name.find('.', base);
  if (dot == std::string_view::npos || dot + 1 == name.size()) return std::nullopt;
  return MemberName{std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))};
}

FileKind part_kind(std::string_view part) { return file_kind(fmt::format("name.{}", part)); }

std::string TarPart::input() const {
  const size_t dot = name.rfind('.');
  return dot == std::string::npos ? std::string() : name.substr(0, dot);
}

std::vector<TarSample> tar_samples(ArchiveBytes& bytes, const std::string& file) {
  TarReader reader(bytes, file);
  Collector collector(file);
  while (const auto member = reader.next()) collector.add(*member);
  return collector.finish();
}

std::vector<ChosenPart> choose_parts(const TarSample& sample, const std::vector<TensorInfo>& inputs,
                                     const std::string& place) {
  const auto parts = parts_of(sample, false);
  if (parts.empty()) {
    const auto archives = parts_of(sample, true);
    if (archives.size() == 1) return {{archives.front(), ""}};
    throw Error(fmt::format("holds {}; one .npz holds all inputs", quoted(archives)),
                {.file = place});
  }
  const auto is_input = [&](const std::string& name) {
    return inputs.empty() || std::ranges::count(inputs, name, &TensorInfo::name) > 0;
  };
  auto chosen = by_name(parts, is_input);
  if (chosen.empty() && inputs.size() == 1) return only_part(parts, inputs.front().name, place);
  refuse_twice(chosen, place);
  if (!chosen.empty()) return chosen;
  std::vector<std::string> names;
  for (const TensorInfo& input : inputs) names.push_back("'" + input.name + "'");
  throw Error(fmt::format("holds {}, none of which names an input of the model ({})", quoted(parts),
                          fmt::join(names, ", ")),
              {.file = place});
}

}  // namespace rangefinder::data
