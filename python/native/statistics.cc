#include "rangefinder/statistics.h"

#include <nanobind/operators.h>

#include <memory>
#include <string_view>
#include <vector>

#include "bindings.h"

namespace rangefinder::python {
namespace {

using Released = nb::call_guard<nb::gil_scoped_release>;

nb::bytes bytes_of(const Statistics& statistics) {
  std::string bytes;
  {
    const nb::gil_scoped_release release;
    bytes = statistics.bytes();
  }
  return nb::bytes(bytes.data(), bytes.size());
}

Statistics parse(const nb::bytes& content) {
  const std::string_view bytes(content.c_str(), content.size());
  const nb::gil_scoped_release release;
  return Statistics::parse(bytes);
}

/// One member of all buckets as an array of NumPy.
template <typename Value>
nb::object column(const std::vector<HistogramBucket>& buckets, Value HistogramBucket::*member) {
  auto values = std::make_unique<Value[]>(buckets.size() + 1);
  for (size_t i = 0; i < buckets.size(); ++i) values[i] = buckets[i].*member;
  const nb::capsule owner(values.get(),
                          [](void* memory) noexcept { delete[] static_cast<Value*>(memory); });
  return nb::cast(nb::ndarray<nb::numpy, Value>(values.release(), {buckets.size()}, owner));
}

nb::tuple histogram(const Statistics& statistics, const std::string& tensor) {
  const std::vector<HistogramBucket> buckets = statistics.histogram(tensor);
  return nb::make_tuple(column(buckets, &HistogramBucket::lower),
                        column(buckets, &HistogramBucket::upper),
                        column(buckets, &HistogramBucket::count));
}

nb::dict row_of(const ObservedValues& seen) {
  nb::dict row;
  row["name"] = seen.name;
  row["channel_count"] = seen.channel_count;
  row["count"] = seen.count;
  row["min"] = seen.min;
  row["max"] = seen.max;
  row["zero_count"] = seen.zero_count;
  row["nan_count"] = seen.nan_count;
  row["inf_count"] = seen.infinity_count;
  return row;
}

nb::list tensors(const Statistics& statistics) {
  nb::list rows;
  for (const ObservedValues& seen : statistics.tensors()) rows.append(row_of(seen));
  return rows;
}

Statistics merged(const Statistics& statistics, const Statistics& other) {
  Statistics sum = statistics;
  sum.merge(other);
  return sum;
}

}  // namespace

void bind_statistics(nb::module_& module) {
  nb::class_<Statistics>(module, "Statistics")
      .def_static("load", &Statistics::load, nb::arg("file"), Released())
      .def_static("parse", &parse, nb::arg("content"))
      .def("save", &Statistics::save, nb::arg("file"), Released())
      .def("bytes", &bytes_of)
      .def("merge", &merged, nb::arg("other"), Released())
      .def("absorb", &Statistics::merge, nb::arg("other"), Released())
      .def("tensors", &tensors)
      .def("histogram", &histogram, nb::arg("tensor"))
      .def_prop_ro("sample_count", &Statistics::sample_count)
      .def_prop_ro("missing_count", &Statistics::missing_count)
      .def_prop_ro("model_fingerprint", &Statistics::model_fingerprint)
      .def(nb::self == nb::self, nb::sig("def __eq__(self, other: object, /) -> bool"));
}

}  // namespace rangefinder::python
