#ifndef RANGEFINDER_OBSERVER_PLUGIN_H
#define RANGEFINDER_OBSERVER_PLUGIN_H

/*
 * Calibration methods from a shared library: everything a plug-in needs, and nothing to link.
 *
 * A plug-in exports one C function, rangefinder_observer_plugin(), that describes its observers;
 * `rangefinder ... --plugin FILE --method NAME` then knows them. The binary interface is plain C,
 * so compiler and standard library may differ from the program's. The C++ part below wraps it:
 *
 *   class HalfMax : public rangefinder::plugin::Observer {
 *    public:
 *     using Observer::Observer;
 *     std::vector<Result> solve(std::span<const Channel> channels) override {
 *       std::vector<Result> results;
 *       for (const Channel& c : channels) results.push_back(Result::range(c.min / 2, c.max / 2));
 *       return results;
 *     }
 *   };
 *   RANGEFINDER_OBSERVER_PLUGIN(rangefinder::plugin::describe<HalfMax>("half-max"))
 *
 * A documented example: examples/observer_plugin; the guide: docs/observers.md.
 */

#include <stddef.h>
#include <stdint.h>

/* Grows with every change of the structures below; a plug-in of another version is refused. */
#define RANGEFINDER_OBSERVER_ABI_VERSION 1u

/* The name of the function that a plug-in exports. */
#define RANGEFINDER_OBSERVER_PLUGIN_ENTRY "rangefinder_observer_plugin"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A run of neighbouring values and how many were seen: lower <= x < upper for positive values,
 * lower < x <= upper for negative ones; zero is a bucket of its own with lower == upper == 0.
 * A bucket is at most 1/128 of its smaller magnitude wide.
 */
typedef struct rangefinder_bucket {
  double lower;
  double upper;
  uint64_t count;
} rangefinder_bucket;

/* What was seen of a channel, or of the whole tensor. Buckets ascend and are not empty. */
typedef struct rangefinder_channel {
  const rangefinder_bucket* buckets;
  size_t bucket_count;
  /* Exact extremes of the finite values; 0 and 0 if there are none. */
  double min;
  double max;
  uint64_t finite_count;
  uint64_t nan_count;
  uint64_t infinity_count;
} rangefinder_channel;

/* One raw batch: float32, row-major. */
typedef struct rangefinder_batch {
  const float* values;
  size_t value_count;
  const int64_t* shape;
  size_t rank;
} rangefinder_batch;

/* What is asked for. */
typedef struct rangefinder_request {
  int32_t bits;
  int32_t is_symmetric;
  int32_t is_power_of_2;
  int32_t is_per_channel;
  int64_t channel_axis; /* 0 unless per channel */
  int64_t quant_min;
  int64_t quant_max;
  double percentile; /* the option --percentile */
  double alpha;      /* the option --alpha */
} rangefinder_request;

/*
 * The answer for a channel: either the range that the codes shall span (the program then finds
 * scale and zero point), or scale and zero point themselves.
 */
typedef struct rangefinder_result {
  int32_t has_parameters; /* 0: min and max count; 1: scale and zero_point count */
  int32_t zero_point;
  double min;
  double max;
  float scale;
} rangefinder_result;

/* The laws that what an observer keeps of raw batches does NOT obey, bit for bit. */
enum {
  RANGEFINDER_BREAKS_SPLIT = 1, /* cutting a batch in two changes the result */
  RANGEFINDER_BREAKS_MERGE = 2, /* two observers cannot be merged */
  RANGEFINDER_BREAKS_EMPTY = 4, /* a batch without elements changes the result, or fails */
  RANGEFINDER_BREAKS_ORDER = 8  /* the order of the batches changes the result */
};

/* Where a function that fails writes why, zero-terminated. */
typedef struct rangefinder_message {
  char* text;
  size_t capacity;
} rangefinder_message;

/*
 * One calibration method. create() returns NULL, the others a number other than 0, on failure;
 * they must not throw. begin_pass, observe and merge may be NULL where nothing is to be done.
 */
typedef struct rangefinder_observer {
  const char* name;
  uint32_t raw_pass_count;   /* how often the raw batches must pass by; 0: never */
  uint32_t needs_statistics; /* 1: solve() gets channels */
  uint32_t broken_laws;      /* RANGEFINDER_BREAKS_... */
  void* (*create)(const rangefinder_request* request, rangefinder_message why);
  void (*destroy)(void* self);
  int32_t (*begin_pass)(void* self, uint32_t pass, rangefinder_message why);
  int32_t (*observe)(void* self, const rangefinder_batch* batch, rangefinder_message why);
  int32_t (*merge)(void* self, const void* other, rangefinder_message why);
  /* Writes one result per channel; an observer without statistics writes exactly one. */
  int32_t (*solve)(void* self, const rangefinder_channel* channels, size_t channel_count,
                   rangefinder_result* results, rangefinder_message why);
} rangefinder_observer;

/* What the plug-in brings. Must stay valid while the library is loaded. */
typedef struct rangefinder_plugin {
  uint32_t abi_version; /* RANGEFINDER_OBSERVER_ABI_VERSION */
  uint32_t observer_count;
  const rangefinder_observer* observers;
} rangefinder_plugin;

typedef const rangefinder_plugin* (*rangefinder_plugin_entry)(void);

#ifdef __cplusplus
} /* extern "C" */

#include <algorithm>
#include <cstring>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/// The same in C++: derive from Observer, describe<>() it, list it in the macro.
namespace rangefinder::plugin {

using Bucket = rangefinder_bucket;
using Batch = rangefinder_batch;
using Request = rangefinder_request;

/// What was seen of a channel, or of the whole tensor.
struct Channel {
  std::span<const Bucket> buckets;
  double min;
  double max;
  uint64_t finite_count;
  uint64_t nan_count;
  uint64_t infinity_count;
};

/// The answer for a channel.
struct Result : rangefinder_result {
  static Result range(double lower, double upper) { return {{0, 0, lower, upper, 0}}; }
  static Result parameters(float step, int32_t zero) { return {{1, zero, 0, 0, step}}; }
};

/// A calibration method at work on one tensor. Exceptions become clear errors of the program.
class Observer {
 public:
  /// The request may be kept by value. Throw if such a tensor cannot be served.
  explicit Observer(const Request& request) : request_(request) {}
  virtual ~Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  virtual void begin_pass(uint32_t /*pass*/) {}
  virtual void observe(const Batch& /*batch*/) {}
  /// `other` has the same dynamic type.
  virtual void merge(const Observer& /*other*/) {
    throw std::logic_error("this observer cannot be merged");
  }
  /// One result per channel; without statistics exactly one, from what observe() kept.
  virtual std::vector<Result> solve(std::span<const Channel> channels) = 0;

 protected:
  const Request& request() const { return request_; }

 private:
  Request request_;
};

/// What a method must see, and which laws it does not obey.
struct Traits {
  uint32_t raw_pass_count = 0;
  bool needs_statistics = true;
  uint32_t broken_laws = 0;
};

namespace detail {

inline void explain(rangefinder_message why, const char* text) {
  if (why.text == nullptr || why.capacity == 0) return;
  const size_t length = std::min(std::strlen(text), why.capacity - 1);
  std::memcpy(why.text, text, length);
  why.text[length] = '\0';
}

/// Runs `work`; an exception becomes a message and the result 1.
template <typename Work>
int32_t guarded(rangefinder_message why, Work work) noexcept {
  try {
    work();
    return 0;
  } catch (const std::exception& error) {
    explain(why, error.what());
  } catch (...) {
    explain(why, "unknown exception");
  }
  return 1;
}

inline void solve(Observer& self, std::span<const rangefinder_channel> seen,
                  rangefinder_result* results) {
  std::vector<Channel> channels;
  for (const rangefinder_channel& c : seen) {
    channels.push_back(
        {{c.buckets, c.bucket_count}, c.min, c.max, c.finite_count, c.nan_count, c.infinity_count});
  }
  const std::vector<Result> solved = self.solve(channels);
  const size_t expected = seen.empty() ? 1 : seen.size();
  if (solved.size() != expected) {
    throw std::length_error("the observer gave " + std::to_string(solved.size()) + " results for " +
                            std::to_string(expected) + " channels");
  }
  std::copy(solved.begin(), solved.end(), results);
}

}  // namespace detail

/// The C description of a class derived from Observer. `name` must outlive the plug-in.
template <typename Method>
rangefinder_observer describe(const char* name, Traits traits = {}) {
  rangefinder_observer o = {};
  o.name = name;
  o.raw_pass_count = traits.raw_pass_count;
  o.needs_statistics = traits.needs_statistics ? 1 : 0;
  o.broken_laws = traits.broken_laws;
  o.create = [](const rangefinder_request* request, rangefinder_message why) -> void* {
    Observer* made = nullptr;
    detail::guarded(why, [&] { made = new Method(*request); });
    return made;
  };
  o.destroy = [](void* self) { delete static_cast<Observer*>(self); };
  o.begin_pass = [](void* self, uint32_t pass, rangefinder_message why) {
    return detail::guarded(why, [&] { static_cast<Observer*>(self)->begin_pass(pass); });
  };
  o.observe = [](void* self, const rangefinder_batch* batch, rangefinder_message why) {
    return detail::guarded(why, [&] { static_cast<Observer*>(self)->observe(*batch); });
  };
  o.merge = [](void* self, const void* other, rangefinder_message why) {
    return detail::guarded(
        why, [&] { static_cast<Observer*>(self)->merge(*static_cast<const Observer*>(other)); });
  };
  o.solve = [](void* self, const rangefinder_channel* channels, size_t channel_count,
               rangefinder_result* results, rangefinder_message why) {
    return detail::guarded(why, [&] {
      detail::solve(*static_cast<Observer*>(self), {channels, channel_count}, results);
    });
  };
  return o;
}

}  // namespace rangefinder::plugin

/* Exports the observers: RANGEFINDER_OBSERVER_PLUGIN(describe<A>("a"), describe<B>("b")) */
#define RANGEFINDER_OBSERVER_PLUGIN(...)                                                        \
  extern "C" __attribute__((visibility("default"))) const rangefinder_plugin*                   \
  rangefinder_observer_plugin() {                                                               \
    static const rangefinder_observer observers[] = {__VA_ARGS__};                              \
    static const rangefinder_plugin plugin = {                                                  \
        RANGEFINDER_OBSERVER_ABI_VERSION, sizeof(observers) / sizeof(observers[0]), observers}; \
    return &plugin;                                                                             \
  }

#endif /* __cplusplus */
#endif /* RANGEFINDER_OBSERVER_PLUGIN_H */
