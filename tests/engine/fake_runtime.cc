// Shared libraries that are not the ONNX Runtime we need; which one, the macros say.

#include <onnxruntime_c_api.h>

#include <cstdlib>

namespace {

const char* ORT_API_CALL version() NO_EXCEPTION { return FAKE_VERSION; }

/// A real library of an old release prints a message when asked for an interface it lacks.
[[maybe_unused]] const OrtApi* ORT_API_CALL must_not_be_asked(uint32_t) NO_EXCEPTION {
  std::abort();
}

[[maybe_unused]] const OrtApi* ORT_API_CALL no_api(uint32_t) NO_EXCEPTION { return nullptr; }

[[maybe_unused]] constexpr OrtApiBase kBase = {FAKE_API, version};

}  // namespace

extern "C" const OrtApiBase* FAKE_ENTRY() NO_EXCEPTION { return FAKE_BASE; }
