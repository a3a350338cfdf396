#include "rangefinder/import_cache.h"

#include "api/model_state.h"
#include "api/requests.h"
#include "observers/registry.h"
#include "workflow/import_cache.h"

namespace rangefinder {

ImportedCache import_cache(const std::filesystem::path& cache, const Model& model,
                           const ImportCacheOptions& options) {
  workflow::ImportCacheRequest request{.cache = cache,
                                       .model = model.state().source,
                                       .sample_limit = options.samples,
                                       .method = observers::canonical_method(options.method.name),
                                       .options = options.method.options,
                                       .output = options.output,
                                       .run = options.run};
  if (options.missing_data) request.missing_data = input_for(model, *options.missing_data);
  workflow::CacheImport imported = workflow::import_cache(request);
  return {.model = model_of(std::move(imported.model)), .report = std::move(imported.report)};
}

}  // namespace rangefinder
