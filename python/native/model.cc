#include "rangefinder/model.h"

#include <string>
#include <tuple>
#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "rangefinder/session.h"

namespace rangefinder::python {
namespace {

using Released = nb::call_guard<nb::gil_scoped_release>;

Model parse(const nb::bytes& content, const std::filesystem::path& data_folder) {
  std::string bytes(content.c_str(), content.size());
  const nb::gil_scoped_release release;
  return Model::parse(std::move(bytes), data_folder);
}

nb::bytes bytes_of(const Model& model) {
  std::string bytes;
  {
    const nb::gil_scoped_release release;
    bytes = model.bytes();
  }
  return nb::bytes(bytes.data(), bytes.size());
}

/// (name, element type, shape); open dimensions are None, an open rank is no shape.
nb::list rows_of(const std::vector<TensorInfo>& infos) {
  nb::list rows;
  for (const TensorInfo& info : infos) {
    nb::object shape = nb::none();
    if (info.shape) {
      nb::list extents;
      for (const int64_t extent : *info.shape)
        extents.append(extent < 0 ? nb::object(nb::none()) : nb::cast(extent));
      shape = std::move(extents);
    }
    rows.append(nb::make_tuple(info.name, std::string(element_name(info.type)), shape));
  }
  return rows;
}

template <typename Owner>
nb::list inputs_of(const Owner& owner) {
  std::vector<TensorInfo> infos;
  {
    const nb::gil_scoped_release release;
    infos = owner.inputs();
  }
  return rows_of(infos);
}

template <typename Owner>
nb::list outputs_of(const Owner& owner) {
  std::vector<TensorInfo> infos;
  {
    const nb::gil_scoped_release release;
    infos = owner.outputs();
  }
  return rows_of(infos);
}

nb::dict run(Session& session, const nb::dict& arrays) {
  const NamedTensors sample = tensors_of(arrays);
  NamedTensors outputs;
  {
    const nb::gil_scoped_release release;
    outputs = session.run(sample);
  }
  return arrays_of(outputs);
}

}  // namespace

void bind_model(nb::module_& module) {
  nb::class_<Model>(module, "Model")
      .def_static("load", &Model::load, nb::arg("file"), Released())
      .def_static("parse", &parse, nb::arg("content"), nb::arg("data_folder"))
      .def("save", &Model::save, nb::arg("file"), Released())
      .def("bytes", &bytes_of)
      .def("inputs", &inputs_of<Model>)
      .def("outputs", &outputs_of<Model>)
      .def_prop_ro("file", &Model::file);
  nb::class_<Session>(module, "Session")
      .def(nb::init<const Model&>(), nb::arg("model"), Released())
      .def("inputs", &inputs_of<Session>)
      .def("outputs", &outputs_of<Session>)
      .def("run", &run, nb::arg("arrays"));
}

}  // namespace rangefinder::python
